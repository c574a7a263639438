"""Sign-in with the name and password of an LDAP directory. Nothing here is loaded without IM_LDAP_URI."""
