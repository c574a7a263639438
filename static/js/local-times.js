// On the account pages: shows times in the browser's time zone where the server has written them in UTC. The server uses
// the time zone of the profile if there is one, and then leaves out `data-utc`.

const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

/** @type {NodeListOf<HTMLTimeElement>} */
const times = document.querySelectorAll("time[data-utc]");
for (const time of times) time.textContent = format.format(new Date(time.dateTime));
