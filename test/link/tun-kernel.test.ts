/** The TUN link and the kernel in a network namespace: packets both ways, and how devices are had and lost. */

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { BATCH_PACKETS, type TunError } from '../../src/link/tun.ts'
import { BAD_CHECKSUM, countPackets } from '../kernel/harness.ts'
import { requirements, withNamespace } from '../kernel/netns.ts'
import { until } from './turn.ts'

const tunModule = fileURLToPath(new URL('../../src/link/tun.js', import.meta.url))

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
        // One after the other: of several at once ping waits for the last no longer than the others took.
        for (let i = 0; i < 5; i++) {
          const { stdout } = await ns.run('ping', ['-n', '-c', '1', '-W', '60', '-s', '1000', elko])
          assert.match(stdout, /1 packets transmitted, 1 received, 0% packet loss/)
        }
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
      await until(() => link.counters.sent === 1)
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
      const { stdout } = await ns.run('ping', ['-n', '-c', '1', '-W', '60', '-s', '65507', '10.7.0.2'])
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
        let sent = 0
        const count = () => { if (++sent === 300) socket.close() }
        for (let i = 0; i < 300; i++) socket.send('x', 9, '10.7.0.2', count)`
      await ns.run(process.execPath, ['-e', send])
      await until(() => link.counters.received === 300)
      assert.ok(Math.max(...batches) <= BATCH_PACKETS)
    }))

  test('random loss in the kernel drops about its share and is counted', () =>
    withNamespace(async (ns) => {
      const link = await ns.openTun({ addresses: ['10.7.0.1/24'] })
      await ns.loseRandomly(link, { out: 50 })
      const send = `
        const socket = require('dgram').createSocket('udp4')
        let sent = 0
        const count = () => { if (++sent === 400) socket.close() }
        for (let i = 0; i < 400; i++) socket.send('x', 9, '10.7.0.2', count)`
      await ns.run(process.execPath, ['-e', send])
      const { out } = await ns.lost()
      await until(() => out + link.counters.received === 400)
      // 50 % of 400 is 200, give or take 10: eight times that is chance once in 10^15 runs.
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
