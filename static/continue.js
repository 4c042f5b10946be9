// A sign-in that is too long for an address goes on as a form. The button is for browsers without scripts.
"use strict";
document.querySelector("form[data-continue]").submit();
