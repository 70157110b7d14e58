/** The host of elko/net: its addresses, the names it knows, and what keeps the process alive. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { defaultHost, localNames, setDefaultHost } from '../../src/net/default-host.ts'
import { parseAddress } from '../../src/wire/address.ts'

test('it is one, it has all of 127.0.0.0/8 and ::1, and it cannot be exchanged once it is there', () => {
  const host = defaultHost
  assert.equal(host.stack, host.stack)
  for (const address of ['127.0.0.1', '127.200.1.2', '::1'])
    assert.ok(host.stack.addresses.has(parseAddress(address)!))
  assert.throws(() => setDefaultHost(host), /elko\/net has its host already/)
  assert.ok(host.names.has('localhost'))
})

const NAMES: [hosts: string, names: Record<string, string[]>][] = [
  ['', { localhost: ['::1', '127.0.0.1'] }],
  ['127.0.0.1 localhost\n', { localhost: ['127.0.0.1', '::1'] }],
  ['::1 localhost\n', { localhost: ['::1', '127.0.0.1'] }],
  [
    '127.0.0.1\tlocalhost # me\n::1 localhost ip6-localhost\n127.0.1.1 Box box.lan\n192.0.2.1 other\n',
    {
      localhost: ['::1', '127.0.0.1'],
      'ip6-localhost': ['::1'],
      box: ['127.0.1.1'],
      'box.lan': ['127.0.1.1'],
    },
  ],
]
for (const [hosts, names] of NAMES) {
  test(`names of ${JSON.stringify(hosts)}`, () => assert.deepEqual(localNames(hosts), names))
}

/** What a program prints that ends by itself. */
function outputOf(program: string): string {
  const file = new URL('../../src/net/default-host.js', import.meta.url)
  const text = `import { defaultHost } from '${file}';\n${program}`
  return execFileSync(process.execPath, ['--input-type=module', '--eval', text], {
    encoding: 'utf8',
    timeout: 300_000,
  })
}

test('a host that nobody holds lets the process end; one that is held does not', () => {
  assert.equal(outputOf(`defaultHost.sync(); process.on('exit', () => console.log('end'))`), 'end\n')
  const held = outputOf(`
    const host = defaultHost
    host.hold(); host.hold(); host.letGo()
    setTimeout(() => { console.log('held'); host.letGo() }, 50).unref()
    process.on('exit', () => console.log('end'))`)
  assert.equal(held, 'held\nend\n')
})
