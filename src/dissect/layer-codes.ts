/**
 * How one layer names the next: an Ethernet type as it is, any other number with its own offset, so that one number says
 * which header stands at the cursor.
 */

/** No layer that leads to TCP, or one that is cut. */
export const END = -1

export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_IPV6 = 0x86dd
export const ETHERTYPE_VLAN = 0x8100
export const ETHERTYPE_QINQ = 0x88a8
export const ETHERTYPE_QINQ_OLD = 0x9100
export const ETHERTYPE_PPPOE_SESSION = 0x8864
export const ETHERTYPE_MPLS = 0x8847
export const ETHERTYPE_MPLS_MULTICAST = 0x8848
export const ETHERTYPE_FABRIC_PATH = 0x8903
/** Transparent Ethernet bridging: a whole frame, inside GRE. */
export const ETHERTYPE_BRIDGING = 0x6558
/** PPP inside enhanced GRE (RFC 2637). */
export const ETHERTYPE_PPP = 0x880b
/** 802.11 frames as Aruba's access points send them in GRE, one type for each of their queues. */
export const ETHERTYPE_ARUBA_FIRST = 0x8200
export const ETHERTYPE_ARUBA_LAST = 0x8370
/** Network Service Header (RFC 8300). */
export const ETHERTYPE_NSH = 0x894f
export const ETHERTYPE_PROVIDER_BRIDGING = 0x88e7
export const ETHERTYPE_VN_TAG = 0x8926
export const ETHERTYPE_E_TAG = 0x893f
export const ETHERTYPE_TRILL = 0x22f3
export const ETHERTYPE_CISCO_METADATA = 0x8909
export const ETHERTYPE_HSR = 0x892f
/** Smaller numbers at an Ethernet type's place are lengths (IEEE 802.3). */
export const LEAST_ETHERTYPE = 0x0600

/** Plus a number of IANA's protocol registry. */
export const IP_PROTOCOL = 0x1_0000
export const IP_ICMP = IP_PROTOCOL + 1
export const IP_IPV4 = IP_PROTOCOL + 4
export const IP_TCP = IP_PROTOCOL + 6
export const IP_UDP = IP_PROTOCOL + 17
export const IP_IPV6 = IP_PROTOCOL + 41
export const IP_GRE = IP_PROTOCOL + 47
export const IP_AUTHENTICATION = IP_PROTOCOL + 51
export const IP_ICMPV6 = IP_PROTOCOL + 58
export const IP_ETHERIP = IP_PROTOCOL + 97
export const IP_MPLS = IP_PROTOCOL + 137
export const IP_ETHERNET = IP_PROTOCOL + 143

/** Plus a LINKTYPE. */
export const LINK = 0x2_0000

/** Plus a PPP protocol number. */
export const PPP_PROTOCOL = 0x4_0000

/** Layers that are named by what stands around them. */
export const LAYER_IP = 0x6_0000
export const LAYER_ETHERNET = 0x6_0001
export const LAYER_LLC = 0x6_0002
export const LAYER_PPP = 0x6_0003
export const LAYER_MPLS = 0x6_0004
export const LAYER_WLAN = 0x6_0005
export const LAYER_CHDLC = 0x6_0006
export const LAYER_ICMP_QUOTE = 0x6_0007
/** 802.11 whose frame control has its octets in the other order, as CAPWAP's access points send it. */
export const LAYER_WLAN_SWAPPED = 0x6_0008
export const LAYER_WLAN_AGGREGATE = 0x6_0009
