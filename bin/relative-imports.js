// Resolves relative imports by their text alone. For each of them Node asks the file system whether the file is there,
// whether it is a link and what its package.json says: a quarter of the time to get ready, as the program has 800 files.
import * as module from 'node:module';

/** Modules of packages that are known to be ECMAScript modules. Ours, in TypeScript, always are. */
const known = new Set();

module.registerHooks({
  resolve(specifier, context, nextResolve) {
    const { parentURL = '', conditions } = context;
    // What `require` names may lack its extension.
    if (!specifier.startsWith('.') || !conditions.includes('import'))
      return noted(nextResolve(specifier, context));
    if (specifier.endsWith('.ts')) {
      return { url: new URL(specifier, parentURL).href, format: 'module-typescript', shortCircuit: true };
    }
    // Two files that end in .js have the same format within their package.
    if (specifier.endsWith('.js') && (parentURL.endsWith('.ts') || known.has(parentURL))) {
      return noted({ url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true });
    }
    return nextResolve(specifier, context);
  },
});

function noted(resolved) {
  if (resolved.format === 'module' && resolved.url.endsWith('.js')) known.add(resolved.url);
  return resolved;
}
