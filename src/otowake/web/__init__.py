"""The web page: `otowake serve`.

`app` answers requests, `guard` stands before it, `jobs` holds the queue and its processes, `work` is what such a
process does, `view` and `draft` what it leaves for the page, `form` makes the page's form from the option specs, `serve`
is the door. What a browser gets is in `assets`.
"""

from otowake.web.serve import serve as serve
