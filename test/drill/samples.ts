/** One line of a script for each form of the language: written for these tests, in both dialects. */

export const PACKETS = [
  '0 < S 0:0(0) win 65535 <mss 1460,nop,wscale 7,nop,nop,sackOK>',
  '+0 > S. 0:0(0) ack 1 <...>',
  '+.1 < . 1:1(0) ack 1 win 257',
  '+0 > P. 1:1001(1000) ack 1 win 229 urg 4',
  '* > R 1:1(0)',
  '0.5~0.75 > . 1:1(0) ack 1',
  '+.2~+.3 > F. 1:1(0) ack 1',
  '+0 < - 1:1(0) win 0',
  '+0 > SEW 0:0(0) <mss 1460,eol,eol,nop,nop>',
  '+0 > SEWA 0:0(0)',
  '+0 > S5 0:0(0)',
  '+0 > .5 1:1(0) ack 1',
  '+0 > P.7 1:2(1) ack 1',
  '+0 > .0 1:1(0) ack 1',
  '+0 < F. U 1:1(0) ack 1 win 5',
  '+0 < 12345 > 80 S 0:0(0) win 1000',
  '+0 < [ect0] . 1:1(0) ack 1 win 257',
  '+0 > [ect01] . 1:1(0) ack 1',
  '+0 > (ce) . 1:1(0) ack 1',
  '+0 > [tos 0x10, flowlabel 0xfffff] . 1:1(0) ack 1',
  '+0 > (hlim 64) . 1:1(0) ack 1',
  '+0 > (ttl 1, dscp af41, ecn ect1) . 1:1(0) ack 1',
  '+0 > (dscp voice-admit) . 1:1(0) ack 1',
  '+0 > (class 0x03) . 1:1(0) ack 1',
  '+0 > R. 77:77(0)! ack 1',
  '+0 > R. ...(0) ack 1',
  '+0 > . 1:1(0) ack 1 <nop,nop,TS val 100 ecr 200>',
  '+0 > . 1:1(0) ack 1 <nop,nop,TS val ... ecr 200!>',
  '+0 > . 1:1(0) ack 1 <nop,nop,sack 1:2 5:6 9:4294967295>',
  '+0 > S 0:0(0) <FO,nop,nop>',
  '+0 > S 0:0(0) <FO 0011223344556677,nop,nop>',
  '+0 > S 0:0(0) <FOEXP 12345678>',
  '+0 > S 0:0(0) <exp-FO>',
  '+0 < . 1:1(0) ack 1 win 9 <md5 00112233445566778899aabbccddeeff,nop,nop>',
  '+0 < . 1:1(0) ack 1 win 9 <nop,nop,md5 valid>',
  '+0 > . 1:1(0) ack 1 <ECN e1b 1 ceb 2 e0b 16777215,nop>',
  '+0 > . 1:1(0) ack 1 <ECN e0b 1 ceb 0>',
  '+0 > . 1:1(0) ack 1 <AccECN0 ee0b 1 eceb 2 ee1b 3,nop>',
  '+0 > . 1:1(0) ack 1 <AccECN1,nop,nop>',
  '+0 > . 1:1(0) ack 1 <exp-AccECN1 ee1b 5,nop>',
  '+0 > . 1:1(0) ack 1 <exp-tarr 5,nop,nop,nop>',
  '+0 > . 1:1(0) ack 1 <exp-tarr>',
  '+0 > . 1:1(0) ack 1 <gen-77 aabb,gen-30,nop,nop>',
  '+0 > . 1:1(0) ack 1 <exp-f989 aabbccdd>',
  '+0 > . 1:1(0) ack 1 <01010101>',
  '+0 > . 1:1(0) ack 1 win 9/udp(9811 > 1)',
  '+0 > . 1:1(0) ack 1 <nop,nop,sackOK>/udp(9811 > 1)',
  '+0 > R 1:9(8) [code 1, pen 4294967295]',
  '+0 < udp (1000)',
  '+0 > udp 53 > 5353 (0)',
  '+0 < icmp unreachable frag_needed mtu 1200 [1:1001(1000)]',
  '+0 < icmp unreachable port_unreachable [1:1(0)/udp(9811 > 1)]',
  '+0 < icmp type_3 code_4 [udp (100)]',
  '+0 < icmp time_exceeded [raw (8)]',
  '+0 < icmp echo_request id 7',
  '+0 < icmp packet_too_big mtu 1280',
  '+0 < [1:1001(1000)] icmp unreachable host_unreachable',
  '+0 < ipv4 192.0.2.1 > 198.51.100.9: gre: . 1:1(0) ack 1 win 9',
  '+0 < ipv6 [tos 0x4] 2001:db8::1 > 2001:db8::2: mpls (label 3, tc 1, [S], ttl 9): . 1:1(0) ack 1 win 9',
]

export const CALLS = [
  '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
  '+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0',
  '+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)',
  '+0 close(7) = -1 EBADF',
  '+0 fcntl(3, F_GETFL) = 0x802 (flags O_RDWR|O_NONBLOCK)',
  '+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0 (one note) (and another)',
  '0.1...0.3 read(4, ..., 100) = 100',
  '+0...0.040 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLIN}], 1, 40) = 1',
  '+0 bind(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("192.0.2.9")}, ...) = 0',
  '+0 setsockopt(3, SOL_IPV6, IPV6_X, inet_pton(AF_INET6, "2001:db8::1"), 16) = 0',
  '+0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0',
  '+0 getsockopt(3, IPPROTO_TCP, TCP_INFO, ..., [10]) = ...',
  '+0 writev(3, [{..., 1000}, {"ab", 2}], 2) = 1002',
  '+0 sendmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 9}], msg_flags=0}, 0) = 9',
  '+0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{...,0}], msg_flags=MSG_ERRQUEUE, ' +
    'msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, cmsg_data={scm_sec=0,scm_nsec=7}}]}, 0) = 0',
  '+0 epoll_ctl(4, EPOLL_CTL_ADD, 3, {events=EPOLLIN|EPOLLET, fd=3}) = 0',
  '+0 epoll_wait(4, {events=EPOLLIN, ptr=0xffffffff}, 1, 0) = 1',
  '+0 epoll_wait(4, {events=EPOLLIN, u64=7}, 1, -1) = 1',
  '+0 write(3, "a\\n\\x00\\"" "tail"..., 100) = 100',
  '+0 setsockopt(3, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) = 0',
  '+0 setsockopt(3, IPPROTO_TCP, TCP_FUNCTION_BLK, {function_set_name="bsd", pcbcnt=...}, 36) = 0',
  '+0 pipe([5, 6]) = 0',
  '+0 splice(4, NULL, 6, NULL, 99, 0) = 99',
  '+0 setsockopt(4, SOL_X, 0, {}, []) = 0',
  '+0 ioctl(3, SIOCINQ, [1000]) = 0',
]

export const OTHERS = [
  '+0 `sysctl -q a=1\n sysctl -q b=2`',
  '+0 %{ assert a == 1, a }%',
  '+0 %{\nx = 1\nprint(x)\n}%',
]

export const WHOLE = `// A comment.
--ip_version=ipv4
--tolerance_usecs=75000  /* another */
--local_ip=2001:db8::1 --remote_ip=192.0.2.1
--define=WORD=IPPROTO_TCP
--define=CC="reno"
--send_omit_free
--note="two words"

\`./defaults.sh
 sysctl -q net.ipv4.tcp_sack=1\`

${[...PACKETS, ...CALLS, ...OTHERS].join(' // why\n')}
+0 setsockopt(3, WORD, TCP_CONGESTION, CC, 4) = 0
\`cleanup\`
`
