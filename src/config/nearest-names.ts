/** At most this share of a name may differ for another name to count as meant. */
const MAX_DISTANCE_SHARE = 0.4;

/** The known names that are closest to `name` by edit distance, at most three, nearest first. */
export function nearestNames(name: string, known: readonly string[]): string[] {
  return known
    .map((candidate) => ({
      candidate,
      distance: editDistance(name, candidate),
      limit: limitFor(name, candidate),
    }))
    .filter(({ distance, limit }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** What the two share in front says nothing: every setting starts alike. */
function limitFor(name: string, candidate: string): number {
  const shared = name.lastIndexOf('_', commonPrefixLength(name, candidate)) + 1;
  return Math.ceil((name.length - shared) * MAX_DISTANCE_SHARE);
}

function commonPrefixLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** Levenshtein distance: insertions, deletions and substitutions, one each. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
