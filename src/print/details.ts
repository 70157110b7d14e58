/**
 * `-V`: every field of a packet's headers with its place in the frame, its bits where it has fewer than an octet, and what it
 * means, layer by layer, as Wireshark's packet details do.
 */

import * as codes from '../dissect/layer-codes.ts'
import type { Packet } from '../dissect/packet.ts'
import { isEthernet, isIpv4, isIpv6, isVlan } from '../flows/field-layers.ts'
import type { TcpView } from '../flows/fields.ts'
import { detailEthernet, detailIcmp, detailIpv4, detailIpv6, detailUdp, detailVlan } from './detail-layers.ts'
import { DetailPage } from './detail-page.ts'
import { detailTcp } from './detail-tcp.ts'

/** The frame and its layers below TCP. */
export function frameDetails(packet: Packet): string[] {
  const page = new DetailPage(packet)
  detailFrame(page, packet)
  for (let layer = 0; layer < packet.layers; layer++) {
    const bytes = packet.layerBytes[layer]!
    const at = packet.layerAts[layer]!
    detailLayer(page, packet.layerCodes[layer]!, bytes, at)
  }
  return page.lines
}

/** One TCP header in it, with what the analysis says. */
export function tcpDetails(view: TcpView): string[] {
  const page = new DetailPage(view.packet)
  detailTcp(page, view)
  return page.lines
}

function detailFrame(
  page: DetailPage,
  { number, seconds, nanoseconds, frameLength, capturedLength }: Packet,
): void {
  page.layer(`Frame ${number}: ${frameLength} octets on the wire, ${capturedLength} captured`)
  page.plain(`Time: ${seconds}.${String(nanoseconds).padStart(9, '0')} seconds since 1970`)
  page.plain(`Frame length: ${frameLength}`)
  page.plain(`Captured length: ${capturedLength}`)
  if (capturedLength < frameLength) page.plain(`${frameLength - capturedLength} octets were not captured`)
}

function detailLayer(page: DetailPage, code: number, bytes: Uint8Array, at: number): void {
  page.take(bytes, at)
  if (isEthernet(code, bytes, at)) detailEthernet(page)
  else if (isVlan(code, bytes, at)) detailVlan(page)
  else if (isIpv4(code, bytes, at)) detailIpv4(page)
  else if (isIpv6(code, bytes, at)) detailIpv6(page)
  else if (code === codes.IP_ICMP || code === codes.IP_ICMPV6) detailIcmp(page, code === codes.IP_ICMPV6)
  else if (code === codes.IP_UDP) detailUdp(page)
}
