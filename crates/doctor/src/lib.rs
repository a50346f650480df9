//! A domain's DNS records for mail: generated with a sentence on what each is for, and checked at its
//! name servers, with findings that say what, why it matters, how to mend it and how to see that it worked.
