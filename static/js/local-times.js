// On somebody's own pages: times that the server has written in UTC, in the browser's zone. Where the person has chosen
// a zone, the server uses that, and there is nothing to do here.

const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

/** @type {NodeListOf<HTMLTimeElement>} */
const times = document.querySelectorAll("time[data-utc]");
for (const time of times) {
  time.textContent = format.format(new Date(time.dateTime));
}
