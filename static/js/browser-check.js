// Says that the chat could not start in this browser. Old syntax only and no module, as old browsers must run it.
(function () {
  var isTooOld = !("noModule" in document.createElement("script") && "HTMLDialogElement" in window && "findLast" in Array.prototype);

  function isEmpty() {
    return ["chat", "welcome"].every(function (id) {
      var screen = document.getElementById(id);
      return !screen || screen.hidden;
    });
  }

  function show() {
    var sentence = document.getElementById("unsupported-browser");
    if (sentence) sentence.hidden = false;
  }

  if (isTooOld) show();
  // A browser that does not know the syntax of a module reports it as an error, like a fault of the page itself.
  addEventListener("error", function (event) {
    if (event instanceof ErrorEvent && isEmpty()) show();
  });
})();
