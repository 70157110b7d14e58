/** Who is on a network, which way leads from whom to whom, and whose address a packet carries. */

import { readInt32 } from '../bytes/big-endian.ts'
import { type Address, addressEquals, parseAddress } from '../wire/address.ts'
import type { Impairments } from './impairments.ts'
import type { Direction, Middlebox } from './middlebox.ts'
import type { PacketEndpoint } from './network.ts'
import { type AddressEnd, carriesAddress, DESTINATION } from './packet-address.ts'

export interface NetworkHost {
  readonly name: string
  /** Its interface in the capture. */
  readonly index: number
  readonly endpoint: PacketEndpoint
  readonly paths: Map<NetworkHost, Path>
  /** Among those that are asked for packets after the next event. */
  isAwake: boolean
}

/** One direction between two hosts. */
export interface Path {
  readonly receiver: NetworkHost
  impairments: Impairments
  /** What a packet passes before it is on the line, in this order. */
  readonly boxes: PlacedBox[]
}

export interface PlacedBox {
  readonly box: Middlebox
  /** What this path is to the box. */
  readonly direction: Direction
}

/** Says to which host's address a packet goes, by what is in it; null: to none, and it is lost. */
export type RouteChoice = (bytes: Uint8Array, length: number) => Address | null

export class NetworkHosts {
  readonly all: NetworkHost[] = []
  /** By the last word of their addresses, which is where those of one network differ. */
  readonly #byWord = new Map<number, { readonly address: Address; readonly host: NetworkHost }[]>()
  readonly #routes: { readonly address: Address; readonly choose: RouteChoice }[] = []

  add(name: string, endpoint: PacketEndpoint, addresses: readonly (Address | string)[]): NetworkHost {
    if (this.all.some((host) => host.name === name)) throw new Error(`network: a second host '${name}'`)
    const index = this.all.length
    const parsed = addresses.map(requireAddress)
    const host = { name, index, endpoint, paths: new Map(), isAwake: false }
    this.all.push(host)
    for (const address of parsed) {
      const sharing = this.#byWord.get(address.w3) ?? []
      sharing.push({ address, host })
      this.#byWord.set(address.w3, sharing)
    }
    return host
  }

  named(name: string): NetworkHost {
    const host = this.all.find((one) => one.name === name)
    if (host === undefined) throw new Error(`network: no host '${name}'`)
    return host
  }

  /** The path of one direction, or null where there is none. */
  path(from: string, to: string): Path | null {
    return this.named(from).paths.get(this.named(to)) ?? null
  }

  /** From the side of `a`, behind the boxes that stand there already. Without a path there is no place for it. */
  insert(box: Middlebox, a: string, b: string): void {
    const [there, back] = this.#ways(a, b)
    there?.boxes.push({ box, direction: 'out' })
    back?.boxes.unshift({ box, direction: 'back' })
  }

  remove(box: Middlebox, a: string, b: string): void {
    for (const path of this.#ways(a, b)) {
      const place = path?.boxes.findIndex((placed) => placed.box === box) ?? -1
      if (place >= 0) path!.boxes.splice(place, 1)
    }
  }

  /** @throws Error where no path joins the two in either direction. */
  #ways(a: string, b: string): [there: Path | null, back: Path | null] {
    const ways: [Path | null, Path | null] = [this.path(a, b), this.path(b, a)]
    if (ways[0] === null && ways[1] === null) throw new Error(`network: no path between '${a}' and '${b}'`)
    return ways
  }

  route(address: Address | string, choose: RouteChoice): void {
    this.#routes.push({ address: requireAddress(address), choose })
  }

  /** The host that has the packet's address, or to which its route leads. */
  receiver(packet: Uint8Array, length: number): NetworkHost | null {
    const owner = this.owner(packet, length, DESTINATION)
    if (owner !== null) return owner
    for (const { address, choose } of this.#routes) {
      if (!carriesAddress(packet, length, DESTINATION, address)) continue
      const next = choose(packet, length)
      return next === null ? null : this.#having(next)
    }
    return null
  }

  #having(address: Address): NetworkHost | null {
    const sharing = this.#byWord.get(address.w3) ?? []
    return sharing.find((own) => addressEquals(own.address, address))?.host ?? null
  }

  /** The host that has an address of the packet. */
  owner(packet: Uint8Array, length: number, end: AddressEnd): NetworkHost | null {
    const at = packet[0]! >> 4 === 4 ? end.v4 : end.v6 + 12
    if (at + 4 > length) return null
    for (const { address, host } of this.#byWord.get(readInt32(packet, at)) ?? []) {
      if (carriesAddress(packet, length, end, address)) return host
    }
    return null
  }
}

function requireAddress(given: Address | string): Address {
  if (typeof given !== 'string') return given
  const address = parseAddress(given)
  if (address === null) throw new Error(`network: '${given}' is no address`)
  return address
}
