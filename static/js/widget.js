/** Embeds a channel in another page: the entry of the script `/widget.js`. */
