/** The values of a presigned URL that let its holder upload, or name the credentials behind it. */
const SIGNED_QUERY = /(X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^&\s"'\\]+/gi;

/** What stands where an upload token does in a path; one that is cut or mistyped may still be most of a secret. */
const TOKEN_IN_PATH = /(\/as\/)[^/?\s"'\\]+/g;

/**
 * Makes a function that removes secrets from a line of log. Every line passes through it, as the last defence
 * behind the rule that no secret is handed to the log in the first place.
 *
 * @param secretPatterns Patterns of secrets that stand alone, such as API keys. Must have the `g` flag.
 */
export function createRedactor(secretPatterns: readonly RegExp[]): (line: string) => string {
  return (line) => {
    let redacted = line.replace(SIGNED_QUERY, '$1[redacted]').replace(TOKEN_IN_PATH, '$1[redacted]');
    for (const pattern of secretPatterns) redacted = redacted.replace(pattern, '[redacted]');
    return redacted;
  };
}
