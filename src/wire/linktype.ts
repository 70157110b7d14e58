/** What a captured packet starts with: the LINKTYPE values of pcap and pcapng (tcpdump.org/linktypes.html). */

export const LINKTYPE_NULL = 0
export const LINKTYPE_ETHERNET = 1
export const LINKTYPE_ARCNET = 7
export const LINKTYPE_PPP = 9
export const LINKTYPE_FDDI = 10
export const LINKTYPE_PPP_HDLC = 50
export const LINKTYPE_PPP_ETHER = 51
export const LINKTYPE_RAW = 101
export const LINKTYPE_CHDLC = 104
export const LINKTYPE_IEEE802_11 = 105
export const LINKTYPE_LOOP = 108
export const LINKTYPE_LINUX_SLL = 113
export const LINKTYPE_IEEE802_11_RADIOTAP = 127
export const LINKTYPE_ARCNET_LINUX = 129
export const LINKTYPE_PPI = 192
export const LINKTYPE_PPP_WITH_DIRECTION = 204
export const LINKTYPE_IPV4 = 228
export const LINKTYPE_IPV6 = 229
export const LINKTYPE_NFLOG = 239
export const LINKTYPE_IPOIB = 242
export const LINKTYPE_LINUX_SLL2 = 276

/** Raw IP as BSD systems numbered it in their own files. */
export const LINKTYPE_RAW_BSD = 12
export const LINKTYPE_RAW_OPENBSD = 14
