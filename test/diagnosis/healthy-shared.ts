/**
 * Captures of ../shared/captures in which nothing is wrong, by a look at what tshark's conv and expert say of them: each SYN
 * was answered, no connection ended by a reset that anybody would notice, and what was sent again is a FIN, a spurious
 * retransmission or one in a hundred. By their id in MANIFEST.tsv.
 */
export const HEALTHY_SHARED: readonly string[] = `
  PcapPlusPl-0d732162 PcapPlusPl-c2e9a281 arkime-8e18b4c2 arkime-c49a5238 nDPI-022e05ba nDPI-0ef152ef
  nDPI-166c7e42 nDPI-2f18b9e5 nDPI-31310710 nDPI-4b964105 nDPI-7614bed7 nDPI-73f7649d nDPI-884f8daa
  nDPI-9a008479 nDPI-bba64836 nDPI-dfee0901 nDPI-f17fec81 packets-21a108bc packets-36d3d476 packets-386ceb73
  packets-45b82385 packets-49be7d75 packets-c7cd5e64 packets-dca79a2a packets-df4a81c6 packets-e5c68d29
  packets-e75fbe72 scapy-2a1cf45e suricata-v-08787048 suricata-v-08e06c0b suricata-v-15202b79
  suricata-v-1897b829 suricata-v-2f7b67d4 suricata-v-33a263fe suricata-v-3a753abe suricata-v-3c78bdbc
  suricata-v-4751c0f9 suricata-v-50c9a61b suricata-v-57a1fba7 suricata-v-5a6280f4 suricata-v-af1d4a9f
  suricata-v-bfbfb333 suricata-v-c49d7bd4 suricata-v-d11d3572 suricata-v-d80305eb suricata-v-e811911a
  suricata-v-ae870805 tcpdump-0340858d tcpdump-7caa36cf tcpdump-f51ba81a tcpflow-5418d523 tcpflow-7751fbae
  tcpflow-7a0c8bb1 tcpflow-d3cf309e tcpflow-b562d12d tcpreplay-0ac7b94e tcpreplay-18a13521 tcpreplay-65458fdd
  tcpreplay-7fe95330 tcpreplay-8cc19e7a tcpreplay-b9adde6b tcpreplay-e8e3cfc6 tcptrace-19786490
  tcptrace-90e5b69c tcptrace-5ba7dead tcptrace-d32debef wireshark-1efe50e0 wireshark-2046b256 wireshark-2a68ca5b
  wireshark-38438c78 wireshark-5b53db2d wireshark-63ff2f3d wireshark-84bc311e wireshark-d54af544
  wireshark-dc3957f2 wireshark-e24aaedb wireshark-f3f74008 wireshark-f4b90ff0 zeek-365c6428 zeek-4534b8cf
  zeek-46a3dfa9 zeek-60c03286 zeek-66647813 zeek-7dddb3bb zeek-8429ab33 zeek-b9ce32ca zeek-c45650bf
  zeek-dfceb997 zeek-f8875dc4 zeek-177ab6e4 zeek-18c1a8ff tcpflow-cbe024c6 wireshark-a3472920`
  .trim()
  .split(/\s+/)
