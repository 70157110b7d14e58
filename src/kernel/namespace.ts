/**
 * A network of its own for one script: a namespace with a TUN device, so that nothing of it touches the host's.
 *
 * Only this thread moves there. Sockets that it makes belong to the namespace for good, whichever thread uses them.
 */

import type { Settings } from '../drill/settings.ts'
import { openTun, type TunLink } from '../link/tun.ts'
import { CONSTANTS } from '../posix/constants.ts'
import type { Libc } from './libc.ts'
import { nameOut } from './memory.ts'
import { switchSackOff } from './sysctls.ts'

const CLONE_NEWNET = 0x40000000

/** @throws Error where there is no privilege for it. */
export async function openNetwork(libc: Libc, settings: Settings): Promise<TunLink> {
  const { result, errno } = libc.call('unshare', [CLONE_NEWNET])
  if (result !== 0) {
    throw new Error(
      `a network namespace cannot be made here (${errno}); --against tun needs root: sudo elko drill --against tun ...`,
    )
  }
  const link = await openTun({
    name: 'tun0',
    mtu: settings.mtu,
    addresses: [`${settings.local} peer ${settings.remote}`],
  })
  await routeIsThere(libc, settings)
  switchSackOff()
  return link
}

/** How long a device that was just brought up may take until its routes count. */
const ROUTE_PATIENCE_MS = 2000

/** Asks for a route as connect does, with a datagram socket, which sends nothing. */
async function routeIsThere(libc: Libc, { remote }: Settings): Promise<void> {
  const family = remote.version === 4 ? CONSTANTS.AF_INET : CONSTANTS.AF_INET6
  const name = nameOut(family, { address: remote, port: 9 })
  const end = performance.now() + ROUTE_PATIENCE_MS
  for (;;) {
    const { result: fd } = libc.call('socket', [family, CONSTANTS.SOCK_DGRAM, 0])
    const { result, errno } = libc.call('connect', [fd, name, name.length])
    libc.call('close', [fd])
    if (result === 0) return
    if (performance.now() > end) throw new Error(`the kernel finds no route to ${remote} (${errno})`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
