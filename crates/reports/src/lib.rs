//! DMARC aggregate (RFC 9990, RFC 7489) and failure reports (RFC 9991, RFC 6591) and TLS reports (RFC 8460):
//! read with limits, kept, added up for people; and our own aggregate reports for others.
