"""The web page: `otowake serve`.

`app` answers requests. Before it stand `guard` (who may ask), `door` (the password) and
`connection` (how long a request may take). `jobs` holds the queue and `job` an item of it.
`processes` starts and ends the child processes: `work` for each job, and `draft` for corrections,
which `drafts` asks. `view` is what a job leaves for the page, `form` makes the page's form from
the option specs, `workplace` is the server's folder, and `serve` starts the server. What a
browser gets is in `assets`.
"""

from otowake.web.serve import serve as serve
