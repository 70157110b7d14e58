#!/usr/bin/env node
/**
 * Bundles what runs in the pages that Elko writes: dist/page/NAME.js and NAME.css of each folder src/page/NAME that has a
 * main.ts. A page is one file that opens from a disk, so each script is one classic script, which the commands inline.
 *
 *     node scripts/build-pages.mjs            where a source is newer than what was built of it
 *     node scripts/build-pages.mjs --force    always
 *
 * `npm run build`, `npm start` and `npm test` call it behind tsc, which checks the same sources.
 */

import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { viteBundle } from './vite-bundle.mjs'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const PAGES = join(ROOT, 'src/page')
const OUT = join(ROOT, 'dist/page')

const pages = readdirSync(PAGES).filter((name) => existsSync(join(PAGES, name, 'main.ts')))
const newest = newestUnder(join(ROOT, 'src'))
const isOld = (name) =>
  ['js', 'css'].some((ending) => {
    const built = join(OUT, `${name}.${ending}`)
    return !existsSync(built) || statSync(built).mtimeMs < newest
  })
const wanted = process.argv.includes('--force') ? pages : pages.filter(isOld)
if (wanted.length === 0) process.exit(0)

mkdirSync(OUT, { recursive: true })
for (const name of wanted) {
  const { code, style } = await bundle(name)
  writeFileSync(join(OUT, `${name}.css`), style)
  writeFileSync(join(OUT, `${name}.js`), code)
}

function newestUnder(folder) {
  const files = readdirSync(folder, { recursive: true }).map((file) => join(folder, String(file)))
  return Math.max(
    ...['build-pages.mjs', 'vite-bundle.mjs'].map((file) => statSync(join(ROOT, 'scripts', file)).mtimeMs),
    ...files.map((file) => statSync(file).mtimeMs),
  )
}

/** The page's main.ts with everything that it imports, and the style sheets of its folder behind those that all pages share. */
async function bundle(name) {
  const styles = ['views', name].flatMap((folder) =>
    readdirSync(join(PAGES, folder))
      .filter((file) => file.endsWith('.css'))
      .sort()
      .map((file) => join(PAGES, folder, file)),
  )
  const entry = [...styles, join(PAGES, name, 'main.ts')]
    .map((file) => `import ${JSON.stringify(file)}`)
    .join('\n')
  const { chunks, style } = await viteBundle(entry, {
    // package.json says of our modules that they do nothing by themselves; these do.
    resolveId: (id) => (id.startsWith(PAGES) ? { id, moduleSideEffects: true } : null),
    rolldownOptions: { output: { format: 'iife' } },
  })
  if (chunks.length !== 1) throw new Error(`${name}: ${chunks.length} scripts, and a page has one`)
  return { code: safeInline(chunks[0].code), style }
}

/** Between <script> and </script> these would end it, or start what looks like a comment; in strings and regular expressions \/ is /. */
function safeInline(code) {
  return code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')
}
