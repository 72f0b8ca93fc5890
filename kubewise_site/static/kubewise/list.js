// Lists of records are kept fresh too: see exchangeList in refresh.js.
"use strict";

document.getElementById("result_list")?.setAttribute("data-live", "list");
