// Plain JavaScript that any Node understands, so that an old one answers a sentence instead of a syntax error. The
// program begins with it, and so does every npm script that runs TypeScript.
const NEEDED_MAJOR = 24;
const { node } = process.versions;

if (Number(node.split('.')[0]) < NEEDED_MAJOR) {
  process.stderr.write(
    `presignd needs Node ${NEEDED_MAJOR} or newer; this is ${node}. Either upgrade it, or run "npm ci", without ` +
      `--ignore-scripts, which brings the right one for npm scripts such as "npm run presignd -- --help".\n`,
  );
  process.exit(1);
}
