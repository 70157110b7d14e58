/** The TUN link: its rules against a fake device, its refusals in a process of their own, its packets with the kernel. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  BATCH_PACKETS,
  kernelEndsFor,
  openTun,
  type TunError,
  TunLink,
  type TunPort,
} from '../../src/link/tun.ts'
import { EAGAIN, EBADFD, ENODEV, ENOENT, refusal, type TunErrorCode } from '../../src/link/tun-errors.ts'
import { BAD_CHECKSUM, countPackets } from '../kernel/harness.ts'
import { requirements, withNamespace } from '../kernel/netns.ts'

const READABLE = 1
const WRITABLE = 2
const EIO = 5

class FakePort implements TunPort {
  readonly slab = new Uint8Array(65600)
  readonly arriving: number[] = []
  writeResult: number | null = null
  written: number[] = []
  watched = 0
  isOpen = true
  onEvents: (status: number, events: number) => void = () => {}
  read(): number {
    return this.arriving.shift() ?? -EAGAIN
  }
  write(_frame: Uint8Array, length: number): number {
    if (this.writeResult === null) this.written.push(length)
    return this.writeResult ?? length
  }
  listen(onEvents: (status: number, events: number) => void): void {
    this.onEvents = onEvents
  }
  watch(events: number): void {
    this.watched = events
  }
  ref(): void {}
  unref(): void {}
  close(): void {
    this.isOpen = false
  }
}

describe('a TUN link over a fake device', () => {
  test('a wake-up reads at most 64 packets, then ends the batch; the next wake-up reads the rest', () => {
    const port = new FakePort()
    const link = new TunLink(port, 'fake0', 1500)
    const log: string[] = []
    link.onPacket = (packet, offset, length) => {
      assert.equal(packet, port.slab)
      log.push(`${offset}+${length}`)
    }
    link.onBatchEnd = () => log.push('end')
    for (let i = 0; i < BATCH_PACKETS + 2; i++) port.arriving.push(40)
    port.onEvents(0, READABLE)
    assert.deepEqual(log, [...new Array<string>(BATCH_PACKETS).fill('0+40'), 'end'])
    port.onEvents(0, READABLE)
    assert.deepEqual(log.slice(BATCH_PACKETS + 1), ['0+40', '0+40', 'end'])
    port.onEvents(0, READABLE)
    assert.equal(log.length, BATCH_PACKETS + 4, 'a wake-up without a packet ends no batch')
    assert.equal(link.counters.received, BATCH_PACKETS + 2)
  })

  test('a full device makes send false and is told writable once', () => {
    const port = new FakePort()
    const link = new TunLink(port, 'fake0', 1500)
    let writable = 0
    link.onWritable = () => writable++
    port.writeResult = -EAGAIN
    assert.equal(link.send(new Uint8Array(100), 60), false)
    assert.equal(port.watched, READABLE | WRITABLE)
    port.writeResult = null
    port.onEvents(0, WRITABLE)
    assert.equal(writable, 1)
    assert.equal(port.watched, READABLE)
    port.onEvents(0, READABLE | WRITABLE)
    assert.equal(writable, 1)
    assert.equal(link.send(new Uint8Array(100), 60), true)
    assert.deepEqual(port.written, [60])
    assert.deepEqual({ ...link.counters }, { received: 0, unheard: 0, sent: 1, lost: 0 })
  })

  test('a packet that the kernel refuses is lost and counted, not an error', () => {
    const port = new FakePort()
    const link = new TunLink(port, 'fake0', 1500)
    link.onError = assert.fail
    port.writeResult = -EIO
    assert.equal(link.send(new Uint8Array(40), 40), true)
    assert.equal(link.counters.lost, 1)
  })

  for (const [how, happen] of [
    [
      'a read that says EBADFD',
      (port: FakePort) => {
        port.arriving.push(40, -EBADFD)
        port.onEvents(0, READABLE)
      },
    ],
    ['a poll that fails', (port: FakePort) => port.onEvents(-9, 0)],
  ] as const) {
    test(`the device's end, told by ${how}, is one DEVICE_GONE error and closes the link`, () => {
      const port = new FakePort()
      const link = new TunLink(port, 'fake0', 1500)
      const errors: Error[] = []
      link.onError = (error) => errors.push(error)
      happen(port)
      port.onEvents(0, READABLE)
      assert.equal(errors.length, 1)
      assert.equal((errors[0] as TunError).code, 'DEVICE_GONE')
      assert.equal(port.isOpen, false)
      assert.equal(link.send(new Uint8Array(40), 40), true, 'a send after the end is a loss')
      assert.deepEqual(port.written, [])
    })
  }

  test('close inside onPacket stops the batch: nothing more is read and no batch ends', () => {
    const port = new FakePort()
    const link = new TunLink(port, 'fake0', 1500)
    let packets = 0
    link.onPacket = () => {
      packets++
      link.close()
    }
    link.onBatchEnd = assert.fail
    port.arriving.push(40, 40)
    port.onEvents(0, READABLE)
    port.onEvents(0, READABLE)
    assert.equal(packets, 1)
    assert.equal(port.arriving.length, 1)
  })
})

test("the kernel's end of each prefix is its first host that Elko does not hold", () => {
  assert.deepEqual(kernelEndsFor(['10.7.0.2/24', 'fd07::2/64']), ['10.7.0.1/24', 'fd07::1/64'])
  assert.deepEqual(kernelEndsFor(['10.7.0.1/24', '10.7.0.2/24']), ['10.7.0.3/24'])
  assert.deepEqual(kernelEndsFor(['192.168.4.133/25']), ['192.168.4.129/25'])
  assert.deepEqual(kernelEndsFor(['10.0.0.0/31', 'fd00::1/127']), ['10.0.0.1/31', 'fd00::/127'])
  for (const bad of ['10.0.0.1/32', 'fd00::1/128', '10.0.0.1', '10.0.0.1/33', 'ten/8', '10.0.0.1/-1']) {
    assert.throws(() => kernelEndsFor([bad]), { name: 'TunError', code: 'BAD_OPTION' }, bad)
  }
})

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

describe('a TUN device and the kernel', {
  skip: requirements('ping', 'tcpdump', 'tshark', 'nft', 'nstat'),
}, () => {
  for (const [family, kernel, elko] of [
    ['IPv4', '10.7.0.1/24', '10.7.0.2'],
    ['IPv6', 'fd07::1/64', 'fd07::2'],
  ] as const) {
    test(`${family}: the kernel's ping arrives as a packet, and the answer that goes back satisfies it`, () =>
      withNamespace(async (ns) => {
        const link = await ns.openTun({ addresses: [kernel] })
        const capture = await ns.capture(link)
        const others: number[] = []
        let batches = 0
        link.onPacket = (packet, offset, length) => {
          const reply = echoReply(packet.slice(offset, offset + length))
          if (reply === null) others.push(length)
          else assert.equal(link.send(reply, reply.length), true)
        }
        link.onBatchEnd = () => batches++
        const { stdout } = await ns.run('ping', [
          '-n',
          '-c',
          '5',
          '-i',
          '0.05',
          '-W',
          '5',
          '-s',
          '1000',
          elko,
        ])
        assert.match(stdout, /5 packets transmitted, 5 received, 0% packet loss/)
        assert.deepEqual({ ...link.counters }, { received: 5, unheard: 0, sent: 5, lost: 0 })
        assert.deepEqual(others, [], 'the interface is quiet: no solicitations, no reports')
        assert.ok(batches >= 1 && batches <= 5)
        const { packets, dropped } = await capture.stop()
        assert.deepEqual({ packets, dropped }, { packets: 10, dropped: 0 })
        assert.equal(await countPackets(capture.file, BAD_CHECKSUM), 0)
        const nstat = await ns.nstat()
        assert.equal(family === 'IPv4' ? nstat.IcmpInEchoReps : nstat.Icmp6InEchoReplies, 5)
      }))
  }

  test('a wrong checksum in a packet of ours is seen: the kernel ignores it and tshark calls it bad', () =>
    withNamespace(async (ns) => {
      const link = await ns.openTun({ addresses: ['10.7.0.1/24'] })
      const capture = await ns.capture(link)
      link.onPacket = (packet, offset, length) => {
        const reply = echoReply(packet.slice(offset, offset + length))!
        reply[reply.length - 1]! ^= 1
        link.send(reply, reply.length)
      }
      // ping reads a raw socket, which gets the packet before the kernel's ICMP has looked at it: its verdict says nothing.
      await ns.run('ping', ['-n', '-c', '1', '-W', '1', '10.7.0.2'], { mayFail: true })
      await capture.stop()
      assert.equal(await countPackets(capture.file, BAD_CHECKSUM), 1)
      assert.equal((await ns.nstat()).IcmpInCsumErrors, 1)
    }))

  test('a packet of 65535 octets passes whole both ways where the MTU allows it', () =>
    withNamespace(async (ns) => {
      const link = await ns.openTun({ addresses: ['10.7.0.1/24'], mtu: 65535 })
      assert.equal(link.mtu, 65535)
      assert.equal(link.maxPacket, 65535)
      const lengths: number[] = []
      link.onPacket = (packet, offset, length) => {
        lengths.push(length)
        const reply = echoReply(packet.slice(offset, offset + length))!
        link.send(reply, reply.length)
      }
      const { stdout } = await ns.run('ping', ['-n', '-c', '1', '-W', '5', '-s', '65507', '10.7.0.2'])
      assert.match(stdout, /1 received/)
      assert.deepEqual(lengths, [65535])
    }))

  test('300 packets in one burst all arrive, in several batches', () =>
    withNamespace(async (ns) => {
      const link = await ns.openTun({ addresses: ['10.7.0.1/24'] })
      let inBatch = 0
      const batches: number[] = []
      link.onPacket = () => inBatch++
      link.onBatchEnd = () => {
        batches.push(inBatch)
        inBatch = 0
      }
      const send = `
        const socket = require('dgram').createSocket('udp4')
        for (let i = 0; i < 300; i++) socket.send('x', 9, '10.7.0.2')
        setTimeout(() => socket.close(), 300)`
      await ns.run(process.execPath, ['-e', send])
      assert.equal(link.counters.received, 300)
      assert.ok(Math.max(...batches) <= BATCH_PACKETS)
    }))

  test('random loss in the kernel drops about its share and is counted', () =>
    withNamespace(async (ns) => {
      const link = await ns.openTun({ addresses: ['10.7.0.1/24'] })
      await ns.loseRandomly(link, { out: 50 })
      const send = `
        const socket = require('dgram').createSocket('udp4')
        for (let i = 0; i < 400; i++) socket.send('x', 9, '10.7.0.2', () => {})
        setTimeout(() => socket.close(), 300)`
      await ns.run(process.execPath, ['-e', send])
      const { out } = await ns.lost()
      assert.equal(out + link.counters.received, 400)
      assert.ok(out > 120 && out < 280, `${out} of 400 lost at 50 %`)
      await ns.loseRandomly(link, {})
      assert.deepEqual(await ns.lost(), { in: 0, out: 0 })
    }))

  test('a route takes rto_min and a congestion control of its own', () =>
    withNamespace(async (ns) => {
      const link = await ns.openTun({ addresses: ['10.7.0.1/24', 'fd07::1/64'] })
      ns.setRoute(link, '10.7.0.0/24', 'rto_min 5ms', 'congctl cubic')
      ns.setRoute(link, 'fd07::/64', 'rto_min 5ms')
      assert.match(ns.ip('route', 'show', '10.7.0.0/24'), /rto_min lock 5ms congctl cubic/)
      assert.match(ns.ip('-6', 'route', 'show', 'fd07::/64'), /rto_min lock 5ms/)
    }))

  test('a deleted interface is told by onError, once', () =>
    withNamespace(async (ns) => {
      const link = await ns.openTun({ addresses: ['10.7.0.1/24'] })
      const gone = new Promise<Error>((resolve) => {
        link.onError = resolve
      })
      ns.ip('link', 'delete', link.name)
      assert.equal(((await gone) as TunError).code, 'DEVICE_GONE')
    }))

  test('openTun sets addresses, MTU, queue length and up by itself, as a program in the namespace does', () =>
    withNamespace(async (ns) => {
      const options = `{ name: 'own0', mtu: 1400, addresses: ['10.9.0.1/24', '10.9.1.1 peer 10.9.1.2', 'fd09::1/64'] }`
      const child = ns.spawn(process.execPath, ['--input-type=module', '-e', programHolding(options)])
      const [line] = await firstLine(child)
      assert.deepEqual(JSON.parse(line!), { name: 'own0', mtu: 1400 })
      const shown = ns.ip('address', 'show', 'dev', 'own0')
      assert.match(shown, /<POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1400/)
      assert.match(shown, /qlen 5000/)
      assert.match(shown, /inet 10\.9\.0\.1\/24 scope global/)
      assert.match(shown, /inet 10\.9\.1\.1 peer 10\.9\.1\.2\/32/)
      assert.match(shown, /inet6 fd09::1\/64 scope global nodad/)
      assert.doesNotMatch(shown, /fe80|tentative/)
      child.stdin!.end() // The program closes the device and leaves of its own accord.
      const [code] = (await once(child, 'close')) as [number]
      assert.equal(code, 0)
      assert.throws(() => ns.ip('link', 'show', 'own0'), /does not exist/)
    }))

  test('an ordinary user opens a device that root made for him, but makes and changes none', () =>
    withNamespace(async (ns) => {
      ns.ip('tuntap', 'add', 'dev', 'mine0', 'mode', 'tun', 'user', '65534')
      ns.ip('link', 'set', 'mine0', 'up')
      // Of root's rights only that to open any file is kept: /dev/net/tun is closed to users on some machines.
      const asUser = async (options: string) => {
        const rights = [
          '--reuid',
          '65534',
          '--clear-groups',
          '--inh-caps',
          '+dac_override',
          '--ambient-caps',
          '+dac_override',
        ]
        const program = [process.execPath, '--input-type=module', '-e', programHolding(options)]
        return (await ns.run('setpriv', [...rights, ...program], { mayFail: true })) as {
          stdout: string
          stderr: string
        }
      }
      const { stdout, stderr } = await asUser(`{ name: 'mine0' }`)
      assert.equal(stdout, '{"name":"mine0","mtu":1500}\n', stderr)
      assert.match((await asUser(`{ name: 'other0' }`)).stderr, /NO_PERMISSION/)
      assert.match((await asUser(`{ name: 'mine0', mtu: 1400 }`)).stderr, /Setting up the interface mine0/)
      assert.match((await asUser(`{ name: 'mine0', addresses: ['10.9.0.1/24'] }`)).stderr, /ip address add/)
    }))

  test('fd: a device that another program opened is taken over, and made non-blocking', () =>
    withNamespace(async (ns) => {
      // perl opens and attaches the device as descriptor 3, then becomes node.
      const opener = `
        use Fcntl; $^F = 9;
        sysopen(my $tun, '/dev/net/tun', O_RDWR) or die;
        my $request = pack('a16 S x22', 'given0', 0x1001);
        ioctl($tun, 0x400454ca, $request) or die "ioctl $!";
        $ENV{TUN_FD} = fileno($tun); exec @ARGV;`
      const options = `{ fd: Number(process.env.TUN_FD), addresses: ['10.9.0.1/24'] }`
      const child = ns.spawn('perl', [
        '-e',
        opener,
        process.execPath,
        '--input-type=module',
        '-e',
        programHolding(options),
      ])
      const [line, errors] = await firstLine(child)
      assert.deepEqual(JSON.parse(line!), { name: 'given0', mtu: 1500 }, errors)
      const { code } = await ns.run('ping', ['-n', '-c', '1', '-W', '1', '10.9.0.2'], { mayFail: true })
      assert.equal(code, 1)
      child.stdin!.end()
      assert.equal((await once(child, 'close'))[0], 0)
    }))
})

describe('a TUN device and the event loop', { skip: requirements() }, () => {
  const inNode = async (body: string): Promise<{ code: number | null; stdout: string; stderr: string }> =>
    withNamespace((ns) => {
      const script = `import { openTun } from ${JSON.stringify(tunModule)}\n${body}`
      const args = ['--expose-gc', '--input-type=module', '-e', script]
      return ns.run(process.execPath, args, { mayFail: true, timeoutMs: 10_000 })
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

/** A program that opens a device, prints what it got, and closes it when its standard input ends. */
function programHolding(options: string): string {
  return `
    const { openTun } = await import(${JSON.stringify(tunModule)})
    const link = await openTun(${options})
    console.log(JSON.stringify({ name: link.name, mtu: link.mtu }))
    process.stdin.resume().once('end', () => link.close())`
}

async function firstLine(child: ChildProcess): Promise<[string | undefined, string]> {
  let out = ''
  let errors = ''
  child.stdout!.on('data', (chunk) => (out += chunk))
  child.stderr!.on('data', (chunk) => (errors += chunk))
  while (!out.includes('\n') && child.exitCode === null) await sleep(10)
  return [out.split('\n')[0], errors]
}

/** The answer to an echo request, built in place of it; null for any other packet. */
function echoReply(packet: Uint8Array): Uint8Array | null {
  const isV6 = packet[0]! >> 4 === 6
  const start = isV6 ? 40 : (packet[0]! & 15) * 4
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
  if (packet[isV6 ? 6 : 9] !== (isV6 ? 58 : 1) || packet[start] !== (isV6 ? 128 : 8)) return null
  const [source, length] = isV6 ? [8, 16] : [12, 4]
  const from = packet.slice(source, source + length)
  packet.copyWithin(source, source + length, source + 2 * length)
  packet.set(from, source + length)
  packet[start] = isV6 ? 129 : 0
  view.setUint16(start + 2, 0)
  // RFC 4443 2.3: ICMPv6 sums a pseudo-header too; RFC 792: ICMP does not.
  let sum = isV6 ? packet.length - 40 + 58 : 0
  for (let i = isV6 ? 8 : start; i < packet.length; i += 2) sum += (packet[i]! << 8) | (packet[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  view.setUint16(start + 2, ~sum & 0xffff)
  return packet
}
