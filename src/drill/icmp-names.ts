/** The words that scripts have for types and codes of ICMP messages, and their numbers in both versions. */

/** A type by its word: its number, and its codes by theirs. */
type Names = Readonly<Record<string, readonly [type: number, codes: Readonly<Record<string, number>>]>>

/** RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1. */
const V4: Names = {
  echo_reply: [0, {}],
  unreachable: [
    3,
    {
      net_unreachable: 0,
      host_unreachable: 1,
      protocol_unreachable: 2,
      port_unreachable: 3,
      frag_needed: 4,
      source_route_failed: 5,
      net_unknown: 6,
      host_unknown: 7,
      source_host_isolated: 8,
      net_prohibited: 9,
      host_prohibited: 10,
      net_unreachable_for_tos: 11,
      host_unreachable_for_tos: 12,
      packet_filtered: 13,
      precedence_violation: 14,
      precedence_cutoff: 15,
    },
  ],
  source_quench: [4, {}],
  redirect: [5, {}],
  echo_request: [8, {}],
  time_exceeded: [11, { ttl_exceeded_in_transit: 0, frag_reass_exceeded: 1 }],
  parameter_problem: [12, {}],
  timestamp_request: [13, {}],
  timestamp_reply: [14, {}],
  information_request: [15, {}],
  information_reply: [16, {}],
  address_mask_request: [17, {}],
  address_mask_reply: [18, {}],
}

/** RFC 4443. */
const V6: Names = {
  unreachable: [
    1,
    {
      net_unreachable: 0,
      no_route: 0,
      admin_prohibited: 1,
      not_neighbour: 2,
      address_unreachable: 3,
      port_unreachable: 4,
    },
  ],
  packet_too_big: [2, {}],
  time_exceeded: [3, { exceeded_hop_limit: 0, exceeded_frag_time: 1 }],
  parameter_problem: [4, { header_field: 0, unknown_next_header: 1, unknown_option: 2 }],
  echo_request: [128, {}],
  echo_reply: [129, {}],
}

/** The numbers of a type and a code that a script names, or null where this IP version has no such. */
export function icmpNumbers(
  version: 4 | 6,
  type: string,
  code: string | null,
): { readonly type: number; readonly code: number } | null {
  const named = (version === 4 ? V4 : V6)[type]
  const typeNumber = named?.[0] ?? numberIn('type', type)
  if (typeNumber === null) return null
  const codeNumber = code === null ? 0 : (named?.[1][code] ?? numberIn('code', code))
  return codeNumber === null ? null : { type: typeNumber, code: codeNumber }
}

/** The words of two numbers, `type_N` and `code_N` where there are none. */
export function icmpWords(version: 4 | 6, type: number, code: number): { type: string; code: string | null } {
  const found = Object.entries(version === 4 ? V4 : V6).find(([, [number]]) => number === type)
  if (found === undefined) return { type: `type_${type}`, code: `code_${code}` }
  const [word, [, codes]] = found
  const codeWord = Object.entries(codes).find(([, number]) => number === code)?.[0]
  return { type: word, code: codeWord ?? (code === 0 ? null : `code_${code}`) }
}

/** `type_3`, `code_4` or the bare number. */
function numberIn(word: 'type' | 'code', text: string): number | null {
  const found = new RegExp(`^(?:${word}_)?(\\d{1,3})$`).exec(text)
  return found === null || Number(found[1]) > 255 ? null : Number(found[1])
}
