"""The namespaces of CPIX documents, and a short way to write their elements."""

from collections.abc import Mapping

from lxml import etree

CPIX = "urn:dashif:org:cpix"
PSKC = "urn:ietf:params:xml:ns:keyprov:pskc"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
CENC = "urn:mpeg:cenc:2013"
PLAYREADY = "urn:microsoft:playready"
VERSION = "2.3"


def qualified(namespace: str, name: str) -> str:
    """A name as lxml writes it."""
    return f"{{{namespace}}}{name}"


def child(
    parent: etree._Element,
    namespace: str,
    name: str,
    attributes: Mapping[str, str] | None = None,
    *,
    text: str | None = None,
) -> etree._Element:
    """Append an element and return it."""
    element = etree.SubElement(parent, qualified(namespace, name), dict(attributes or {}))
    element.text = text
    return element
