/** What can go wrong in a test network, on a timetable: each fault begins at a time and may end by itself. */

import { Firewall, type FirewallAction, type FirewallRule } from '../sim/firewall.ts'
import type { Flow } from '../sim/flow-table.ts'
import type { ImpairmentOptions } from '../sim/impairments.ts'
import type { Middlebox } from '../sim/middlebox.ts'
import { Nat } from '../sim/nat.ts'
import type { Network } from '../sim/network.ts'
import { OptionStripper, optionKind } from '../sim/option-stripper.ts'
import { Resetter } from '../sim/resets.ts'
import { parseAddress } from '../wire/address.ts'
import { type Duration, microseconds } from './durations.ts'
import { SlowReader } from './slow-reader.ts'
import type { TestHost } from './test-host.ts'

/** When a fault begins and ends, in virtual time. */
export interface When {
  /** Counted from the network's beginning; default now. */
  readonly at?: Duration
  /** How long; default until somebody ends it. */
  readonly for?: Duration
}

/** A fault that is, or will be. */
export interface Fault {
  /** Ends it, or takes it back where it has not begun. */
  end(): void
}

/** One host or several. */
export type Hosts = TestHost | readonly TestHost[]

export interface FirewallOptions extends When {
  /** Default 'drop'. */
  readonly action?: FirewallAction
  /** Of either end; default all, and packets that are not TCP's. */
  readonly port?: number
  /** Only what this host sends; default both. */
  readonly from?: TestHost
  /** 'syn': connections that are being opened; 'data': segments with text. Default all. */
  readonly only?: 'syn' | 'data'
  /** Packets on each of the paths, default without end. */
  readonly times?: number
}

export interface ResetOptions {
  readonly at?: Duration
  /** Connections with this port at either end; default all. */
  readonly port?: number
  /** Who is told that the other has reset the connection; default both. */
  readonly to?: TestHost
}

export interface NatOptions {
  /** The address that the hosts outside see. */
  readonly address: string
  /** Who is behind it. */
  readonly inside: Hosts
  /** How long a connection without a packet is remembered. Default 2 h 4 min. */
  readonly idle?: Duration
}

/** A translator that stands. */
export interface TestNat {
  /** It forgets all connections: those that send on come from another port. */
  rebind(when?: { readonly at?: Duration }): void
}

export interface SlowReaderOptions extends When {
  /** Octets a second that all its connections together may read; 0: none. Default 0. */
  readonly bytesPerSecond?: number
}

export interface CrashOptions extends When {
  /** Starts what shall run on the host once it is up again. */
  readonly boot?: () => unknown
}

/** What the faults need of the test network. */
export interface FaultSite {
  readonly network: Network
  readonly hosts: readonly TestHost[]
  wake(): void
  /** Calls code under test; what it throws ends the run. */
  call(run: () => unknown): void
}

interface Partition {
  readonly x: TestHost
  readonly y: TestHost
  readonly fault: Fault
}

export class Faults {
  readonly #site: FaultSite
  readonly #partitions = new Set<Partition>()
  readonly #resetters = new Map<
    string,
    { readonly box: Resetter; readonly a: TestHost; readonly b: TestHost }
  >()
  readonly #nats: { readonly box: Nat; readonly inside: readonly TestHost[] }[] = []

  constructor(site: FaultSite) {
    this.#site = site
  }

  /** The first path between two hosts was made. */
  pathMade(a: TestHost, b: TestHost): void {
    const resetter = new Resetter()
    this.#resetters.set(`${a.name}\n${b.name}`, { box: resetter, a, b })
    this.#site.network.insert(resetter, a.name, b.name)
    for (const { box, inside } of this.#nats) this.#translate(box, inside, a, b)
  }

  partition(a: Hosts, b: Hosts, when: When): Fault {
    const partitions = pairs(a, b).map(([x, y]) => ({ x, y, fault: this.firewall(x, y, when) }))
    for (const partition of partitions) this.#partitions.add(partition)
    return {
      end: () => {
        for (const partition of partitions) this.#heal(partition)
      },
    }
  }

  heal(a: Hosts | undefined, b: Hosts | undefined, at: Duration | undefined): void {
    const isMeant = (host: TestHost, asked: Hosts | undefined): boolean =>
      asked === undefined || list(asked).includes(host)
    this.#at(at, () => {
      for (const partition of this.#partitions) {
        const { x, y } = partition
        if ((isMeant(x, a) && isMeant(y, b)) || (isMeant(y, a) && isMeant(x, b))) this.#heal(partition)
      }
    })
  }

  #heal(partition: Partition): void {
    this.#partitions.delete(partition)
    partition.fault.end()
  }

  firewall(a: Hosts, b: Hosts, options: FirewallOptions): Fault {
    const { action = 'drop', port, from, only, times } = options
    return this.#boxes(a, b, options, (near) => {
      const rule: FirewallRule = {
        action,
        ...(port !== undefined && { port }),
        ...(only !== undefined && { only }),
        ...(times !== undefined && { times }),
        ...(from !== undefined && { direction: from === near ? 'out' : 'back' }),
      }
      const box = new Firewall()
      box.add(rule)
      return box
    })
  }

  stripOptions(a: Hosts, b: Hosts, names: readonly string[] | 'all', when: When): Fault {
    const kinds = names === 'all' ? null : names.map(optionKind)
    return this.#boxes(a, b, when, () => new OptionStripper(kinds))
  }

  mtu(a: Hosts, b: Hosts, mtu: number, mtuBlackHole: boolean, when: When): Fault {
    return this.#paths(a, b, when, (options) => ({ ...options, mtu, mtuBlackHole }))
  }

  reset(a: Hosts, b: Hosts, { at, port, to }: ResetOptions): void {
    const isMeant = ({ near, far }: Flow): boolean =>
      port === undefined || near.port === port || far.port === port
    this.#at(at, () => {
      for (const [x, y] of pairs(a, b)) {
        const found =
          this.#resetters.get(`${x.name}\n${y.name}`) ?? this.#resetters.get(`${y.name}\n${x.name}`)
        if (found === undefined) throw new Error(`reset: no path between '${x.name}' and '${y.name}'`)
        const towards = to === undefined ? 'both' : to === found.b ? 'out' : 'back'
        for (const { direction, packet } of found.box.forge(isMeant, towards)) {
          this.#site.network.emit(found.box, found.a.name, found.b.name, direction, packet)
        }
      }
    })
  }

  nat({ address, inside, idle }: NatOptions): TestNat {
    const outside = parseAddress(address)
    if (outside === null) throw new TypeError(`nat: '${address}' is no address`)
    const { network, hosts } = this.#site
    const box = new Nat({
      address: outside,
      ...(idle !== undefined && { idleUs: microseconds(idle, 'idle') }),
    })
    const own = list(inside)
    this.#nats.push({ box, inside: own })
    network.route(outside, (bytes, length) => box.insideOf(bytes, length))
    for (const [i, a] of hosts.entries()) for (const b of hosts.slice(i + 1)) this.#translate(box, own, a, b)
    return { rebind: ({ at } = {}) => this.#at(at, () => box.rebind()) }
  }

  slowReader(hosts: Hosts, { bytesPerSecond = 0, ...when }: SlowReaderOptions): Fault {
    return this.#during(when, () => {
      const reader = new SlowReader(this.#site.network, bytesPerSecond, this.#site.wake)
      for (const host of list(hosts)) host.slowReader = reader
      return () => {
        for (const host of list(hosts)) if (host.slowReader === reader) host.slowReader = null
        reader.end()
      }
    })
  }

  crash(host: TestHost, { boot, ...when }: CrashOptions): Fault {
    return this.#during(when, () => {
      host.crash()
      return () => {
        host.reboot()
        if (boot !== undefined) this.#site.call(boot)
      }
    })
  }

  #translate(box: Nat, inside: readonly TestHost[], a: TestHost, b: TestHost): void {
    const { network } = this.#site
    const isJoined = network.impairments(a.name, b.name) !== null
    if (!isJoined || inside.includes(a) === inside.includes(b)) return
    if (inside.includes(a)) network.insert(box, a.name, b.name)
    else network.insert(box, b.name, a.name)
  }

  /** A box of its own for each path between the two. */
  #boxes(a: Hosts, b: Hosts, when: When, make: (near: TestHost) => Middlebox): Fault {
    const { network } = this.#site
    return this.#during(when, () => {
      const placed = pairs(a, b).map(([near, far]) => ({ box: make(near), near: near.name, far: far.name }))
      for (const { box, near, far } of placed) network.insert(box, near, far)
      return () => {
        for (const { box, near, far } of placed) network.remove(box, near, far)
      }
    })
  }

  /** Other options for each path between the two, in both directions. */
  #paths(a: Hosts, b: Hosts, when: When, change: (options: ImpairmentOptions) => ImpairmentOptions): Fault {
    const { network } = this.#site
    return this.#during(when, () => {
      const ways = pairs(a, b).flatMap(([x, y]) => [
        network.impairments(x.name, y.name),
        network.impairments(y.name, x.name),
      ])
      const changed = ways.filter((way) => way !== null).map((way) => ({ way, before: way.options }))
      for (const { way, before } of changed) way.change(change(before))
      return () => {
        for (const { way, before } of changed) way.change(before)
      }
    })
  }

  /** Begins and ends on time. `begin` returns what ends it. */
  #during({ at, for: duration }: When, begin: () => () => void): Fault {
    let finish: (() => void) | null = null
    let isOver = false
    const end = (): void => {
      isOver = true
      finish?.()
      finish = null
    }
    this.#at(at, () => {
      if (isOver) return
      finish = begin()
      const { network } = this.#site
      if (duration !== undefined) network.at(network.now + microseconds(duration, 'for'), end)
    })
    return { end }
  }

  #at(at: Duration | undefined, run: () => void): void {
    if (at === undefined) run()
    else this.#site.network.at(microseconds(at, 'at'), run)
  }
}

function list(hosts: Hosts): readonly TestHost[] {
  return 'stack' in hosts ? [hosts] : hosts
}

function pairs(a: Hosts, b: Hosts): [near: TestHost, far: TestHost][] {
  return list(a).flatMap((near) => list(b).map((far): [TestHost, TestHost] => [near, far]))
}
