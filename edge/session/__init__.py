"""The doors of signing up, in and out: JSON over POST, for our own page and for programs that are no page.

bodies   what is read and answered, and the devices a browser remembers
demo     signing in as one of the demo's people, and signing out
links    signing up, and what the links in mails do
password signing in by a password
federated signing in with an outside identity provider, and linking one
proofs   signing in by a passkey, second factors, and confirming again who one is
"""

from edge.session import demo, federated, links, password, proofs
from edge.session.bodies import session_requests
from edge.session.demo import demo_attempts

routes = [*demo.routes, *links.routes, *password.routes, *proofs.routes, *federated.routes]

__all__ = ["demo_attempts", "routes", "session_requests"]
