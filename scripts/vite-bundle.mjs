/** A page's script from the text of its entry, bundled and minified as an application's own build would do it. */

import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ENTRY = 'virtual:page'

/**
 * @param entry the text of a module
 * @param options what differs: `resolveId` answers for modules that are not the entry, `rolldownOptions` go to the bundler
 * @returns its chunks of code, and the text of its style sheets
 */
export async function viteBundle(entry, { resolveId = () => null, rolldownOptions = {} } = {}) {
  // Not before it is needed: it takes longer than all the rest.
  const { build } = await import('vite')
  const result = await build({
    configFile: false,
    root: ROOT,
    logLevel: 'error',
    plugins: [
      {
        name: 'page',
        enforce: 'pre',
        resolveId: (id) => (id === ENTRY ? { id, moduleSideEffects: true } : resolveId(id)),
        load: (id) => (id === ENTRY ? entry : null),
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      modulePreload: false,
      cssCodeSplit: false,
      rolldownOptions: { input: ENTRY, ...rolldownOptions },
    },
  })
  const [{ output }] = Array.isArray(result) ? result : [result]
  return {
    chunks: output.filter(({ type }) => type === 'chunk'),
    style: output
      .filter(({ fileName }) => fileName.endsWith('.css'))
      .map(({ source }) => source)
      .join(''),
  }
}
