/**
 * Hooks of Node's module loader for `import 'node:net'`: Elko's own files have the real one, all others have `elko/net`.
 * Before Node 22.15 they run on a thread of their own, so this file knows nothing of the program.
 */

interface ResolveContext {
  readonly parentURL?: string | undefined
}

interface Resolved {
  readonly url: string
  readonly format?: string
  readonly shortCircuit?: boolean
}

const OWN_FILES = new URL('../', import.meta.url).href
const REPLACEMENT: Resolved = {
  url: new URL('./index.js', import.meta.url).href,
  format: 'module',
  shortCircuit: true,
}

function isReplaced(specifier: string, { parentURL }: ResolveContext): boolean {
  return (specifier === 'net' || specifier === 'node:net') && parentURL?.startsWith(OWN_FILES) !== true
}

export async function resolve(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context: ResolveContext) => Promise<Resolved>,
): Promise<Resolved> {
  return isReplaced(specifier, context) ? REPLACEMENT : next(specifier, context)
}

/** The same for `module.registerHooks`. */
export function resolveSync(
  specifier: string,
  context: ResolveContext,
  next: (specifier: string, context: ResolveContext) => Resolved,
): Resolved {
  return isReplaced(specifier, context) ? REPLACEMENT : next(specifier, context)
}
