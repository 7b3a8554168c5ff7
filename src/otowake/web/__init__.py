"""The web page: `otowake serve`.

`app` answers requests behind `guard` (access checks), `door` (the password) and `connection`
(time limits). `jobs` holds the queue and `job` an item of it. `processes` starts and ends the child
processes: `work` for each job, and `draft` for corrections, through `drafts`. `view` writes the
page's data of a result, `form` makes the page's form from the option specs, `workplace` is the
server's folder, and `serve` starts the server. `assets` has the files for the browser.
"""

from otowake.web.serve import serve as serve
