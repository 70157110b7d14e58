/** Nothing of Node is in what a page loads: no built-in module, no package, no global of Node's; and it is small. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** Names that Node has and a page has not. */
const OF_NODE = new Set(
  'process Buffer global require module exports __dirname __filename setImmediate clearImmediate NodeJS'.split(
    ' ',
  ),
)
/** Asks before it uses them. */
const GUARDED = 'src/link/event-loop.ts'

/** The files that an entry loads, types aside. */
function graphOf(...entries: string[]): string[] {
  const seen = new Set<string>()
  const queue = [...entries]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    for (const name of importsOf(path)) {
      assert.match(name, /^\./, `${path} imports ${name}`)
      queue.push(fileURLToPath(new URL(name, `file://${ROOT}${path}`)).slice(ROOT.length))
    }
  }
  return [...seen].sort()
}

function parse(path: string): ts.SourceFile {
  const text = readFileSync(`${ROOT}${path}`, 'utf8')
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
}

/** What a module names in imports and exports that are not of types alone, and in import(). */
function importsOf(path: string): string[] {
  const names: string[] = []
  const walk = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword) {
      names.push((node.moduleSpecifier as ts.StringLiteral).text)
    } else if (ts.isExportDeclaration(node) && !node.isTypeOnly && node.moduleSpecifier !== undefined) {
      names.push((node.moduleSpecifier as ts.StringLiteral).text)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      names.push(node.arguments[0]!.getText())
    }
    ts.forEachChild(node, walk)
  }
  walk(parse(path))
  return names
}

/** Globals of Node that a file names as such, neither as a member nor as something of its own. */
function globalsOfNode(path: string): string[] {
  const found: string[] = []
  const walk = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && OF_NODE.has(node.text)) {
      const { parent } = node
      const isMember =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        ts.isPropertyAssignment(parent) ||
        ts.isClassElement(parent) ||
        ts.isTypeElement(parent)
      if (!isMember) found.push(`${path}: ${node.text}`)
    }
    ts.forEachChild(node, walk)
  }
  walk(parse(path))
  return found
}

test('elko/web, and elko/link as browsers have it, load nothing of Node and name nothing of it', () => {
  const files = graphOf('src/web/index.ts', 'src/link/portable.ts')
  assert.ok(files.includes('src/stack/stack.ts') && files.includes('src/link/message-port.ts'))
  assert.ok(files.length > 50)
  for (const path of files) assert.ok(!path.startsWith('src/net/') && !path.startsWith('src/kernel/'), path)
  assert.deepEqual(files.filter((path) => path !== GUARDED).flatMap(globalsOfNode), [])
  const guarded = readFileSync(`${ROOT}${GUARDED}`, 'utf8')
  assert.match(guarded, /typeof setImmediate === 'function' \? new ImmediateTurn/)
})

test('what this test looks for it would find', () => {
  assert.throws(() => graphOf('src/link/index.ts'), /imports (node:|koffi)/)
  assert.ok(globalsOfNode('src/link/tee.ts').some((found) => found.endsWith(': Buffer')))
})

test('the package leads a browser there, and every entry exists', () => {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
  assert.equal(exports['./link'].browser.default, './dist/src/link/portable.js')
  assert.equal(exports['./web'].default, './dist/src/web/index.js')
  for (const path of [...Object.values(exports['./link'].browser), ...Object.values(exports['./web'])]) {
    assert.ok(existsSync(`${ROOT}${path}`), String(path))
  }
})

test('elko/web, the core and the MessagePort link are at most 45 KB, minified and gzipped', () => {
  const out = execFileSync(process.execPath, [`${ROOT}scripts/bundle-size.mjs`, '--json'], {
    encoding: 'utf8',
  })
  const { bytes, gzipBytes, modules } = JSON.parse(out)
  assert.ok(gzipBytes <= 45 * 1024, `${gzipBytes} octets`)
  assert.ok(gzipBytes > 20 * 1024 && bytes > gzipBytes, 'that cannot be all of it')
  assert.ok(modules.some(({ module }: { module: string }) => module === 'tcp/segment-arrives.js'))
})
