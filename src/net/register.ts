/**
 * `node --import elko/register app.js`: the program's TCP is Elko's. All that asks for `net` or `node:net` has `elko/net`;
 * http, https, http2, tls and fetch run over it too. Nothing of the program changes.
 *
 * Unix domain sockets, pipes and descriptors stay the system's.
 *
 * By itself the host is alone: on 127.0.0.0/8 and ::1 the program talks to itself. Each process and each worker thread has
 * a host of its own: sockets cannot be sent to children, and workers of a cluster share no port; both are told so.
 *
 * A process ends by itself once all sockets have ended and the other sides know. One that calls `process.exit` sends what it
 * has written and FIN once more, as far as the windows allow, and cannot repeat what is lost.
 *
 * Settings, as environment variables:
 *
 * - `ELKO_TUN`: a TUN device to use besides, by its name or as `fd:N`; it is made where there is none (root, Linux).
 * - `ELKO_ADDRESS`: Elko's addresses on it, with prefix lengths; default `10.7.0.2/24,fd07::2/64`. The kernel gets the
 *   first free one beside each.
 * - `ELKO_MTU`: its MTU, 576 to 65535 octets.
 * - `ELKO_IMPAIR`: makes the network worse, both ways: `loss=2%,delay=30ms,rate=20mbit`, with the names and units of
 *   `elko connect`. Without a device it is the loopback that becomes worse, with an MTU of 1500 if no other is asked for.
 * - `ELKO_SEED`: decides what chance decides; default 1.
 * - `ELKO_RECORD`: a file that takes all that the host is given, with its secrets and every octet sent: `elko replay` does the
 *   same again. A worker thread's has its number behind the name.
 *
 * A setting that cannot be meant ends the process with code 2, a device that cannot be used with code 3.
 */

import { openSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import type { LinkHost } from '../link/host.ts'
import { impair } from '../link/impair.ts'
import { RecordFile } from '../link/record-file.ts'
import { selfLink } from '../link/self-link.ts'
import { kernelEndsFor, openTun, TunError } from '../link/tun.ts'
import { localHost, loopbackHost, setDefaultHost } from './default-host.ts'
import net from './index.ts'
import { redirect } from './redirect.ts'
import { readSettings, SettingError, type Settings } from './settings.ts'

const ETHERNET_MTU = 1500

/** @throws TunError; RangeError for addresses that leave the kernel none. */
async function openHost(settings: Settings): Promise<LinkHost | null> {
  const { tun, impairments, seed } = settings
  const record = settings.record === null ? {} : { record: recordFile(settings.record).log }
  if (tun !== null) {
    const { addresses } = settings
    const mtu = settings.mtu === null ? {} : { mtu: settings.mtu }
    const device = await openTun({ ...tun, ...mtu, addresses: kernelEndsFor(addresses) })
    if (impairments === null) return localHost(device, { addresses, ...record })
    const impaired = impair(device, { toLink: impairments, fromLink: impairments }, seed)
    return localHost(impaired, { addresses, ...record })
  }
  if (impairments === null) return settings.record === null ? null : loopbackHost('localhost', record)
  const loopback = impair(selfLink(settings.mtu ?? ETHERNET_MTU), { toLink: impairments }, seed)
  return localHost(loopback, { ownPacketsByLink: true, ...record })
}

/** Each thread has a host of its own, and a file. @throws SettingError where it cannot be written. */
function recordFile(setting: string): RecordFile {
  const file = threadId === 0 ? setting : `${setting}.${threadId}`
  try {
    return new RecordFile(file, openSync(file, 'w'))
  } catch (error) {
    throw new SettingError('ELKO_RECORD', `a file to be written (${(error as Error).message})`, file)
  }
}

/** As a kernel does for a process that is gone; but what is lost now, nobody sends again. */
function endConnections({ stack, driver }: LinkHost): void {
  driver.sync()
  for (const connection of stack.connections()) connection.release()
  driver.flush()
}

try {
  const host = await openHost(readSettings(process.env))
  if (host !== null) {
    setDefaultHost(host)
    process.once('exit', () => {
      endConnections(host)
      host.stack.recording?.log.end()
    })
  }
} catch (error) {
  const isSetting = error instanceof SettingError || error instanceof RangeError
  if (!isSetting && !(error instanceof TunError)) throw error
  process.stderr.write(`elko/register: ${error.message}\n`)
  process.exit(isSetting ? 2 : 3)
}
redirect(net)
