/** The declarations as a page's own compiler sees them: the types of a browser, none of Node's. */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const MODULES = fileURLToPath(new URL('../../src/', import.meta.url))

const PAGE = `
import { LinkHost, messagePortLink, webSocketLink } from 'elko/link'
import { createWeb, SocketError, type Socket } from 'elko/web'
const { port1 } = new MessageChannel()
const hosts = [messagePortLink(port1), messagePortLink(new Worker('w.js')), webSocketLink(new WebSocket('ws://x'))].map(
  (link, i) => new LinkHost(link, { addresses: [\`10.0.0.\${i + 1}/24\`] }))
const { connect, listen, TCPSocket, TCPServerSocket } = createWeb(hosts[0]!)
const socket: Socket = connect('a:80', { allowHalfOpen: true })
await new Response('x').body!.pipeTo(socket.writable)
await socket.readable.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream<string>())
for await (const each of listen({ port: 80 })) void each.readable.pipeTo(each.writable)
const { readable } = await new TCPSocket('a', 80).opened
const { value } = await readable.getReader({ mode: 'byob' }).read(new Uint8Array(10))
const text: string | undefined = value && new TextDecoder().decode(value)
const accepted = (await new TCPServerSocket('::').opened).readable.getReader()
const closed: Promise<void> | undefined = (await accepted.read()).value?.closed
try { connect('x') } catch (error) { if (error instanceof SocketError) console.log(error.code, text, closed) }
`

/** What the compiler says of each of these files, in one program. */
function complaints(...texts: string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'elko-types-'))
  try {
    const files = texts.map((_, i) => join(folder, `page${i}.ts`))
    for (const [i, file] of files.entries()) writeFileSync(file, texts[i]!)
    const program = ts.createProgram(files, {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable', 'esnext.disposable'].map(
        (name) => `lib.${name}.d.ts`,
      ),
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      paths: { 'elko/web': [`${MODULES}web/index.d.ts`], 'elko/link': [`${MODULES}link/portable.d.ts`] },
    })
    const found = ts.getPreEmitDiagnostics(program)
    assert.ok(
      found.every(({ file }) => file === undefined || files.includes(file.fileName)),
      'our declarations',
    )
    return files.map((name) =>
      found
        .filter(({ file }) => file === undefined || file.fileName === name)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a page compiles against elko/web and elko/link without types of Node; mistakes are told', () => {
  const [good, wrong] = complaints(PAGE, `${PAGE}\nconnect(80)`)
  assert.deepEqual(good, [])
  assert.equal(wrong!.length, 1)
  assert.match(wrong![0]!, /'number' is not assignable/)
})
