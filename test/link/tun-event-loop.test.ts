/** The TUN link in the event loop of a program: what keeps it alive, what reaches it, what outlives collection. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requirements, withNamespace } from '../kernel/netns.ts'

const tunModule = fileURLToPath(new URL('../../src/link/tun.js', import.meta.url))

describe('a TUN device and the event loop', { skip: requirements() }, () => {
  const inNode = async (body: string): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    withNamespace((ns) => {
      const script = `import { openTun } from ${JSON.stringify(tunModule)}\n${body}`
      const args = ['--expose-gc', '--input-type=module', '-e', script]
      return ns.run(process.execPath, args, { mayFail: true })
    })
  const open = `const link = await openTun({ name: 'loop0', addresses: ['10.9.0.1/24'] })\n`
  const ping = `;const socket = (await import('node:dgram')).createSocket('udp4')
    socket.send('x', 9, '10.9.0.2', () => socket.close())\n`

  test('an unreferenced link lets the program end; a closed one too', async () => {
    assert.equal((await inNode(`${open} link.unref()`)).code, 0)
    assert.equal((await inNode(`${open} link.close(); link.close(); link.unref()`)).code, 0)
  })

  test('a referenced link keeps the program alive until it is closed', async () => {
    const { code, stdout } = await inNode(`${open}
      setTimeout(() => { console.log('alive'); link.unref(); link.ref(); setTimeout(() => link.close(), 50).unref() }, 50).unref()
    `)
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'alive\n' })
  })

  test('an exception in onPacket reaches the program as uncaught, and is not swallowed', async () => {
    const { code, stderr } = await inNode(`${open}
      link.onPacket = () => { throw new Error('from onPacket') }
      ${ping}`)
    assert.equal(code, 1)
    assert.match(stderr, /from onPacket/)
  })

  test('promises settle between batches, and the link outlives garbage collection', async () => {
    const { code, stdout, stderr } = await inNode(`
      await (async () => {
        ${open}
        let seen = 0
        link.onPacket = () => { Promise.resolve().then(() => console.log('microtask')); if (++seen === 1) setImmediate(() => link.close()) }
      })()
      gc()
      gc()
      ${ping}`)
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'microtask\n', stderr: '' })
  })
})
