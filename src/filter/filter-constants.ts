/** Names that stand for numbers in a capture filter: pcap-filter(7). */

const ICMP_TYPES = `echoreply 0 unreach 3 sourcequench 4 redirect 5 echo 8 routeradvert 9 routersolicit 10 timxceed 11
  paramprob 12 tstamp 13 tstampreply 14 ireq 15 ireqreply 16 maskreq 17 maskreply 18`

const ICMP6_TYPES = `destinationunreach 1 packettoobig 2 timeexceeded 3 parameterproblem 4 echo 128 echoreply 129
  multicastlistenerquery 130 multicastlistenerreportv1 131 multicastlistenerdone 132 routersolicit 133 routeradvert 134
  neighborsolicit 135 neighboradvert 136 redirect 137 routerrenum 138 nodeinformationquery 139 nodeinformationresponse 140
  ineighbordiscoverysolicit 141 ineighbordiscoveryadvert 142 multicastlistenerreportv2 143 homeagentdiscoveryrequest 144
  homeagentdiscoveryreply 145 mobileprefixsolicit 146 mobileprefixadvert 147 certpathsolicit 148 certpathadvert 149
  multicastrouteradvert 151 multicastroutersolicit 152 multicastrouterterm 153`

const TCP_FLAGS = 'fin 1 syn 2 rst 4 push 8 ack 16 urg 32 ece 64 cwr 128'

const OFFSETS = 'icmptype 0 icmpcode 1 icmp6type 0 icmp6code 1 tcpflags 13'

export const FILTER_CONSTANTS: ReadonlyMap<string, number> = new Map([
  ...pairs('', OFFSETS),
  ...pairs('icmp-', ICMP_TYPES),
  ...pairs('icmp6-', ICMP6_TYPES),
  ...pairs('tcp-', TCP_FLAGS),
])

/** IP protocols by the names that /etc/protocols has for them. */
export const PROTOCOL_NUMBERS: ReadonlyMap<string, number> = new Map(
  pairs(
    '',
    `ip 0 icmp 1 igmp 2 ggp 3 ipencap 4 st 5 tcp 6 egp 8 igp 9 pup 12 udp 17 hmp 20 xns-idp 22 rdp 27 iso-tp4 29 dccp 33
    xtp 36 ddp 37 idpr-cmtp 38 ipv6 41 ipv6-route 43 ipv6-frag 44 idrp 45 rsvp 46 gre 47 esp 50 ah 51 skip 57 ipv6-icmp 58
    icmp6 58 ipv6-nonxt 59 ipv6-opts 60 rspf 73 vmtp 81 eigrp 88 ospf 89 ax.25 93 ipip 94 etherip 97 encap 98 pim 103
    ipcomp 108 vrrp 112 l2tp 115 isis 124 sctp 132 fc 133 mobility-header 135 udplite 136 mpls-in-ip 137 manet 138 hip 139
    shim6 140 wesp 141 rohc 142`,
  ),
)

/** Ethernet types, and below 1,501 the service access points of 802.2, by name. */
export const ETHER_PROTOCOLS: ReadonlyMap<string, number> = new Map(
  pairs(
    '',
    `ip 2048 arp 2054 rarp 32821 ip6 34525 pup 512 xns 1536 sprite 1280 trail 4096 moprc 24578 mopdl 24577 lat 24580
    sca 24583 decnet 24579 atalk 32923 aarp 33011 loopback 36864 vdp 32877 vexp 32859 vprod 32860 iso 254 stp 66 ipx 224
    netbeui 240`,
  ),
)

function pairs(prefix: string, text: string): [string, number][] {
  const words = text.trim().split(/\s+/)
  const found: [string, number][] = []
  for (let k = 0; k < words.length; k += 2) found.push([prefix + words[k], Number(words[k + 1])])
  return found
}
