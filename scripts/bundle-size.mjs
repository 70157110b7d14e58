#!/usr/bin/env node
/**
 * What a page pays for sockets of its own: elko/web, the core under it and the MessagePort link, bundled and minified as
 * an application's own build would do it.
 *
 *     npm run bundle-size [-- --json | --code]
 *
 * Prints the size, raw and gzipped, and the share of each module; or the bundle itself. Exit code 1 where it is above the limit.
 */

import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { viteBundle } from './vite-bundle.mjs'

/** Octets, gzipped. */
export const LIMIT_BYTES = 45 * 1024

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MODULES = `${ROOT}dist/src/`
/** What a page writes that speaks through a port. */
const PAGE = `
  export { LinkHost, messagePortLink } from '${MODULES}link/portable.js'
  export { createWeb } from '${MODULES}web/index.js'
`

/** Bundles the page: its octets, and the share of each module before it was minified. */
export async function bundle() {
  // Not a library: of one vite keeps the white space.
  const { chunks } = await viteBundle(PAGE, { rolldownOptions: { preserveEntrySignatures: 'strict' } })
  const code = chunks.map((chunk) => chunk.code).join('')
  const modules = chunks
    .flatMap((chunk) => Object.entries(chunk.modules))
    .map(([id, { renderedLength }]) => ({ module: id.replace(MODULES, ''), bytes: renderedLength }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
  return { bytes: Buffer.byteLength(code), gzipBytes: gzipSync(code, { level: 9 }).length, modules, code }
}

if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  const { bytes, gzipBytes, modules, code } = await bundle()
  if (process.argv.includes('--code')) process.stdout.write(code)
  else if (process.argv.includes('--json')) console.log(JSON.stringify({ bytes, gzipBytes, modules }))
  else {
    const total = modules.reduce((sum, module) => sum + module.bytes, 0)
    for (const module of modules) {
      const share = `${((module.bytes / total) * 100).toFixed(1)} %`
      console.log(`${share.padStart(7)}  ${String(module.bytes).padStart(6)}  ${module.module}`)
    }
    console.log(`\n${bytes} octets minified, ${gzipBytes} gzipped; the limit is ${LIMIT_BYTES}`)
  }
  if (gzipBytes > LIMIT_BYTES) process.exitCode = 1
}
