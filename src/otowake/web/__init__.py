"""The web page: `otowake serve`.

`app` answers requests behind `guard` (access checks), `password` and `connection` (time limits).
`jobs` holds the queue and `job` an item of it. `processes` starts and ends the child processes: a
`worker` for each job, and `draft` for corrections, through `drafts`. `view` writes the data that
the page shows of a result, `form` makes the form from the option specs, `workplace` is the server's
folder, and `serve` starts the server. `assets` has the files for the browser.
"""

from otowake.web.serve import serve as serve
