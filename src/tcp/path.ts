/** The two sockets of a connection, addresses as words (wire/ip-header.ts), and what its packets may be like. */

import { Address, socketText } from '../wire/address.ts'

export class Path {
  version: 4 | 6 = 4
  local0 = 0
  local1 = 0
  local2 = 0
  local3 = 0
  remote0 = 0
  remote1 = 0
  remote2 = 0
  remote3 = 0
  localPort = 0
  remotePort = 0
  /** Largest packet that the path carries, octets; path MTU discovery lowers it. */
  mtu = 1500
  /** Largest packet that the link takes at once. */
  mmsr = 1500
  /** The link fills in and verifies checksums. */
  checksumOffload = false

  /** What packets of the link may be like. */
  setLink(mtu: number, checksumOffload: boolean): void {
    this.mtu = mtu
    this.mmsr = mtu
    this.checksumOffload = checksumOffload
  }

  /** Names both ends; addresses of one version. */
  setSockets(local: Address, localPort: number, remote: Address, remotePort: number): void {
    this.version = remote.version
    this.local0 = local.w0
    this.local1 = local.w1
    this.local2 = local.w2
    this.local3 = local.w3
    this.remote0 = remote.w0
    this.remote1 = remote.w1
    this.remote2 = remote.w2
    this.remote3 = remote.w3
    this.localPort = localPort
    this.remotePort = remotePort
  }

  get localAddress(): Address {
    return new Address(this.version, this.local0, this.local1, this.local2, this.local3)
  }

  get remoteAddress(): Address {
    return new Address(this.version, this.remote0, this.remote1, this.remote2, this.remote3)
  }

  /** '10.0.0.1:80', '[fd00::1]:80'. */
  get localText(): string {
    return socketText(this.localAddress, this.localPort)
  }

  get remoteText(): string {
    return socketText(this.remoteAddress, this.remotePort)
  }
}
