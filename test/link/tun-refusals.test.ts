/** What the TUN link says where no device can be had, and how to mend it; most of it in a process of its own. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openTun } from '../../src/link/tun.ts'
import { ENODEV, ENOENT, refusal, type TunErrorCode } from '../../src/link/tun-errors.ts'
import { requirements } from '../kernel/netns.ts'

const tunModule = fileURLToPath(new URL('../../src/link/tun.js', import.meta.url))

/** Runs `openTun(options)` in a process of its own and returns its refusal. */
function refusalOf(options: string, as: { uid?: number; gid?: number } = {}, module = tunModule) {
  const script = `
    import { openTun } from ${JSON.stringify(module)}
    try { (await openTun(${options})).close(); console.log('{"code":"none"}') }
    catch (e) { console.log(JSON.stringify({ name: e.name, code: e.code, message: e.message })) }`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: '/',
    ...as,
  })
  assert.match(stdout, /^\{/, stderr)
  return JSON.parse(stdout) as { name: string; code: TunErrorCode | 'none'; message: string }
}

const onLinux = process.platform === 'linux' ? false : 'needs Linux'

describe('a TUN device that cannot be had says why and how to mend it', { skip: onLinux }, () => {
  test('a descriptor that is closed, or is no TUN device', async () => {
    await assert.rejects(openTun({ fd: 999 }), { code: 'BAD_FD', message: /999 .*not open in this process/ })
    await assert.rejects(openTun({ fd: -1 }), { code: 'BAD_FD' })
    const nullDevice = refusalOf(`{ fd: (await import('node:fs')).openSync('/dev/null') }`)
    assert.equal(nullDevice.code, 'BAD_FD')
    assert.match(nullDevice.message, /something else/)
  })

  test('a name that no interface can have, an MTU out of range', async () => {
    for (const name of ['', 'x'.repeat(16), 'a b', 'a/b', '..', 'tun%d', 'tün0']) {
      await assert.rejects(openTun({ name }), { name: 'TunError', code: 'BAD_NAME' }, name)
    }
    for (const mtu of [0, 67, 65536, 1500.5, Number.NaN]) {
      await assert.rejects(openTun({ mtu }), { code: 'BAD_OPTION' }, `${mtu}`)
    }
  })

  test('a machine or a container without /dev/net/tun', () => {
    for (const errno of [ENOENT, ENODEV]) {
      const { code, message } = refusal('open', errno, 'elko0')
      assert.equal(code, 'NO_DEVICE')
      assert.match(message, /modprobe tun/)
      assert.match(message, /mknod .*c 10 200/)
      assert.match(message, /docker run --cap-add NET_ADMIN --device \/dev\/net\/tun/)
    }
  })

  test('koffi is not installed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'elko-no-koffi-'))
    try {
      // A copy outside of every node_modules.
      cpSync(join(tunModule, '../../link'), join(folder, 'link'), { recursive: true })
      cpSync(join(tunModule, '../../wire'), join(folder, 'wire'), { recursive: true })
      writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
      const { code, message } = refusalOf('{}', {}, join(folder, 'link/tun.js'))
      assert.equal(code, 'NO_KOFFI')
      assert.match(message, /npm install koffi/)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a worker thread', async () => {
    const script = `
      import { Worker } from 'node:worker_threads'
      new Worker(\`import(${JSON.stringify(tunModule)}).then((m) => m.openTun()).catch((e) => console.log(e.code))\`,
        { eval: true })`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    assert.equal(stdout.trim(), 'WORKER_THREAD')
  })

  test('an ordinary user: the message names CAP_NET_ADMIN and the commands for root', (t) => {
    const nobody = process.geteuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
    const { code, message } = refusalOf(`{ name: 'elkotest0' }`, nobody)
    if (code === 'NO_DEVICE') return t.skip('no /dev/net/tun')
    assert.equal(code, 'NO_PERMISSION')
    assert.match(message, /CAP_NET_ADMIN/)
    assert.match(message, /ip tuntap add dev elkotest0 mode tun user \$USER/)
  })

  test('a name that is in use, or belongs to another kind of interface', {
    skip: requirements(),
  }, async () => {
    const name = `e${process.pid.toString(36)}busy`
    const first = await openTun({ name, up: false })
    try {
      await assert.rejects(openTun({ name }), { code: 'NAME_BUSY', message: /one owner/ })
      // The command that the message gives finds this process.
      const owners = spawnSync('sh', ['-c', `grep -l 'iff:.*${name}' /proc/[0-9]*/fdinfo/* 2> /dev/null`], {
        encoding: 'utf8',
      })
      assert.match(owners.stdout, new RegExp(`/proc/${process.pid}/`))
    } finally {
      first.close()
    }
    const again = await openTun({ name, up: false })
    again.close()
    await assert.rejects(openTun({ name: 'lo' }), { code: 'BAD_NAME', message: /another kind/ })
  })
})
