/**
 * On every answer, refusals included: what comes from here is data, and nothing for a browser to render, guess at or
 * embed. Not HSTS, which means something over TLS only, and whoever ends that says it.
 */
export const SECURITY_HEADERS = [
  ['x-content-type-options', 'nosniff'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['referrer-policy', 'no-referrer'],
  // Does not apply to fetches with CORS, which cors.ts rules.
  ['cross-origin-resource-policy', 'same-origin'],
] as const;
