// Puts @sinonjs/fake-timers into dist/src/testnet/fake-timers.js, so that the published package depends on nothing at run
// time (decision 7). Called by `npm run build` behind tsc, which makes that file an import of the package; both work.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const target = join(root, 'dist/src/testnet/fake-timers.js')
/** Those whose code ends up in the bundle, with their licences. */
const PACKAGES = ['@sinonjs/fake-timers', '@sinonjs/commons', 'type-detect']
/** The first line of a file that is done. */
const MARK = '/* Bundled by scripts/bundle-fake-timers.mjs: '

if (readFileSync(target, 'utf8').startsWith(MARK)) process.exit(0)

// Not before it is needed: it takes longer than all the rest.
const { build } = await import('vite')
const versions = []
const licences = []
for (const name of PACKAGES) {
  const folder = join(root, 'node_modules', name)
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  versions.push(`${name} ${version} (${license})`)
  licences.push(`${name} ${version}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8').trim()}`)
}

const result = await build({
  root,
  configFile: false,
  logLevel: 'error',
  build: {
    write: false,
    minify: false,
    target: 'node20',
    ssr: target,
    rolldownOptions: { output: { format: 'es' } },
  },
  ssr: { noExternal: true, target: 'node' },
})
const { code } = result.output[0]
const others = [...code.matchAll(/^import .* from ["']([^"']+)["']/gm)].map(([, from]) => from)
if (others.some((from) => !/^(node:|timers|util|perf_hooks|module)/.test(from))) {
  throw new Error(`the bundle imports ${others.join(', ')}`)
}
const words = licences.join('\n\n---\n\n').replaceAll('*/', '* /')
writeFileSync(target, `${MARK}${versions.join(', ')}.\n\n${words}\n*/\n${code}`)
rmSync(`${target}.map`, { force: true })
