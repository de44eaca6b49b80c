import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { classifyAddress, readAddress } from '../../../src/outbound/addresses.js';
import { compileAllowList } from '../../../src/outbound/allow-list.js';

const accessOf = (text: string): string => {
  const address = readAddress(text);
  return address === undefined ? 'unreadable' : classifyAddress(address).access;
};

describe('classifyAddress', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '0.1.2.3',
    '192.0.2.1',
    '198.18.0.1',
    '203.0.113.9',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:0:127.0.0.1',
    '64:ff9b::127.0.0.1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fc00::1',
    'fdff::1',
    'fec0::1',
    'ff02::1',
    '100::1',
    '4000::1',
  ])('%s is restricted', (text) => {
    expect(accessOf(text)).toBe('restricted');
  });

  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '::ffff:169.254.169.254',
    '64:ff9b::169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
  ])('%s is never allowed', (text) => {
    expect(accessOf(text)).toBe('never');
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '64:ff9b::8.8.8.8'])(
    '%s is public',
    (text) => {
      expect(accessOf(text)).toBe('public');
    },
  );

  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '010.0.0.1',
    '2130706433',
    '1.2.3.4.5',
    '1.2.3.4/8',
  ])('does not guess at %j', (text) => {
    expect(readAddress(text)).toBeUndefined();
  });

  it('judges an IPv4-mapped address as the IPv4 address it is', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        const plain = readAddress(text);
        if (plain === undefined) return;
        expect(accessOf(`::ffff:${plain.toString()}`)).toBe(classifyAddress(plain).access);
      }),
    );
  });
});

describe('compileAllowList', () => {
  const lets = (
    allow: readonly string[],
    text: string,
    at: { hostname?: string; port?: number } = {},
  ) => {
    const address = readAddress(text);
    if (address === undefined) throw new Error(text);
    const to = { hostname: at.hostname ?? text, port: at.port ?? 80 };
    return compileAllowList(allow).refusal(address, to) === undefined;
  };

  it('lets public addresses through and nothing else by itself', () => {
    expect(lets([], '8.8.8.8')).toBe(true);
    expect(lets([], '10.0.0.1')).toBe(false);
  });

  it('knows addresses and ranges, in every form of the same address', () => {
    expect(lets(['127.0.0.1'], '127.0.0.1')).toBe(true);
    expect(lets(['127.0.0.1'], '127.0.0.2')).toBe(false);
    expect(lets(['127.0.0.1'], '::ffff:127.0.0.1')).toBe(true);
    expect(lets(['::ffff:127.0.0.1'], '127.0.0.1')).toBe(true);
    expect(lets(['10.0.0.0/8'], '10.200.0.1')).toBe(true);
    expect(lets(['10.0.0.0/8'], '11.0.0.1')).toBe(true);
    expect(lets(['10.0.0.0/8'], '192.168.0.1')).toBe(false);
    expect(lets(['::ffff:10.0.0.0/104'], '10.1.1.1')).toBe(true);
    expect(lets(['fd00::/8'], 'fd12::1')).toBe(true);
    expect(lets(['::1'], '::1')).toBe(true);
    expect(lets(['[::1]'], '::1')).toBe(true);
    expect(lets(['0.0.0.0/0'], '::1')).toBe(false);
  });

  it('knows hosts by their name, whatever they resolve to', () => {
    expect(lets(['model.internal'], '10.0.0.1', { hostname: 'model.internal' })).toBe(true);
    expect(lets(['Model.Internal.'], '10.0.0.1', { hostname: 'model.internal' })).toBe(true);
    expect(lets(['model.internal'], '10.0.0.1', { hostname: 'model.internal.' })).toBe(true);
    expect(lets(['model.internal'], '10.0.0.1', { hostname: 'x.model.internal' })).toBe(false);
  });

  it('holds an entry with a port to that port', () => {
    for (const [entry, address, hostname] of [
      ['localhost:8080', '127.0.0.1', 'localhost'],
      ['127.0.0.1:8080', '127.0.0.1', '127.0.0.1'],
      ['127.0.0.0/8:8080', '127.0.0.1', 'localhost'],
      ['[::1]:8080', '::1', '::1'],
      ['[::/64]:8080', '::1', '::1'],
    ] as const) {
      expect(lets([entry], address, { hostname, port: 8080 })).toBe(true);
      expect(lets([entry], address, { hostname, port: 8081 })).toBe(false);
    }
  });

  it('never lets link-local and metadata addresses through', () => {
    const all = ['0.0.0.0/0', '::/0', '169.254.169.254', 'metadata.google.internal', 'fe80::/10'];
    const hostname = 'metadata.google.internal';
    for (const address of ['169.254.169.254', '::ffff:a9fe:a9fe', 'fe80::1', 'fd00:ec2::254']) {
      expect(lets(all, address, { hostname })).toBe(false);
    }
  });

  it('names every entry that cannot be read', () => {
    const bad = [
      '',
      'http://localhost',
      'a b',
      '*.internal',
      '127.1',
      '10.0.0.0/33',
      'localhost:0',
      'localhost:99999',
      'user@host',
      '[::1',
    ];
    expect(() => compileAllowList(['localhost', ...bad])).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        problems: bad.map((_entry, index) =>
          expect.objectContaining({ at: `network.allow.${index + 1}` }),
        ),
      }),
    );
  });
});
