"""The environment variables of sign-in with an LDAP directory."""

from __future__ import annotations

from imsite.options.option import Option

LDAP_OPTIONS = (
    Option(
        "IM_LDAP_URI",
        "",
        "LDAP directory whose accounts sign in here: ldaps://host, or several URIs separated by blanks, tried in "
        "order. It needs the packages of deploy/requirements-ldap.txt. Empty: none.",
    ),
    Option("IM_LDAP_START_TLS", False, "Connections to ldap:// are encrypted by StartTLS."),
    Option("IM_LDAP_CA", "", "File with the CA certificates of the directory. Empty: those of the system."),
    Option("IM_LDAP_BIND_DN", "", "DN that the site searches the directory as. Empty: it searches anonymously."),
    Option("IM_LDAP_BIND_PASSWORD", "", "Password of that DN."),
    Option("IM_LDAP_USER_BASE", "", "DN below which the entries of users are, such as ou=people,dc=example,dc=org."),
    Option(
        "IM_LDAP_USER_FILTER",
        "(uid={username})",
        "Filter for the entry of a user. Users whose entry it does not match any more are deactivated, so it can leave "
        "out disabled entries.",
    ),
    Option("IM_LDAP_USERNAME_ATTRIBUTE", "uid", "Attribute with the user name; sAMAccountName in Active Directory."),
    Option(
        "IM_LDAP_ID_ATTRIBUTE",
        "entryUUID",
        "Attribute that no other entry ever has, also after a change of name; objectGUID in Active Directory.",
    ),
    Option("IM_LDAP_NAME_ATTRIBUTE", "cn", "Attribute with the display name."),
    Option("IM_LDAP_EMAIL_ATTRIBUTE", "mail", "Attribute with the email address."),
    Option(
        "IM_LDAP_GROUP_BASE",
        "",
        "DN below which groups are. Empty: the groups of a user are in the attribute memberOf of the entry.",
    ),
    Option(
        "IM_LDAP_GROUP_FILTER",
        "(|(member={dn})(uniqueMember={dn}))",
        "Filter for the groups of the user with this {dn} and {username}.",
    ),
    Option(
        "IM_LDAP_REQUIRE_GROUP",
        "",
        "DNs of groups, separated by semicolons. Only their members may sign in. Empty: all users.",
    ),
    Option(
        "IM_LDAP_GROUP_MAP",
        "",
        "What members of a group of the directory are here, such as cn=ops,ou=groups,dc=example,dc=org:staff; several "
        "separated by semicolons. `staff`, `superuser`, or the name of a group in the admin.",
    ),
    Option("IM_LDAP_CREATE_USERS", True, "Users of the directory get an account when they first sign in."),
    Option("IM_LDAP_TIMEOUT", 5.0, "Seconds in which the directory must connect, and then must answer each request."),
    Option(
        "IM_LDAP_SYNC_INTERVAL",
        900.0,
        "Seconds between looks for users whom the directory does not have any more; they are deactivated. 0: never.",
    ),
    Option(
        "IM_LDAP_PASSWORD_URL",
        "",
        "Page on which users change the password of the directory. The site has no form for it.",
    ),
)
