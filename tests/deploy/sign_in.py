"""Signs in over HTTP with the first sign-in link found on standard input, and opens the docket. Used by bare_root.sh.

Standard library only. The address is the one argument: http://localhost:8000
"""

import http.client
import re
import sys
from urllib.parse import urlencode, urlsplit


def main() -> None:
    """A GET of the link, the POST its page makes, and the docket with the cookie that came back."""
    address = sys.argv[1]
    link = re.search(re.escape(address) + r"(/s)#(\S+)", sys.stdin.read())
    if not link:
        raise SystemExit("no sign-in link was printed")
    host = urlsplit(address).netloc

    def ask(method: str, path: str, body: str = "", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
        return connection.getresponse()

    page = ask("GET", link[1])
    form = {"Origin": address, "Content_Type": "application/x-www-form-urlencoded"}
    used = ask("POST", link[1], urlencode({"secret": link[2]}), **form)
    cookie = (used.getheader("set-cookie") or "").partition(";")[0]
    docket = ask("GET", "/docket", Cookie=cookie)
    print(f"  link page {page.status}, sign-in {used.status} to {used.getheader('location')}, docket {docket.status}")
    if (page.status, used.status, docket.status) != (200, 303, 200):
        raise SystemExit("signing in failed")


if __name__ == "__main__":
    main()
