const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8 as Python's `surrogatepass` writes it: a half of a surrogate pair may stand alone. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    return decodeWithSurrogates(bytes)
  }
}

/** Between lone surrogates, which are ED A0..BF xx, everything is UTF-8; what is not becomes U+FFFD. */
function decodeWithSurrogates(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: string[] = []
  let from = 0
  for (let at = buffer.indexOf(0xed); at !== -1; at = buffer.indexOf(0xed, at + 1)) {
    const [second = 0, third = 0] = buffer.subarray(at + 1, at + 3)
    if (second < 0xa0 || second > 0xbf || (third & 0xc0) !== 0x80) continue
    parts.push(buffer.toString('utf8', from, at), String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f)))
    from = at + 3
    at += 2
  }
  parts.push(buffer.toString('utf8', from))
  return parts.join('')
}

/** The other way round: what JavaScript would replace is kept. */
export function encodeUtf8(text: string): Buffer {
  if (!/\p{Surrogate}/u.test(text)) return Buffer.from(text, 'utf8')
  const parts = text.split(/(\p{Surrogate})/u).map((part) => {
    const unit = part.charCodeAt(0)
    if (part.length !== 1 || unit < 0xd800 || unit > 0xdfff) return Buffer.from(part, 'utf8')
    return Buffer.from([0xed, 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)])
  })
  return Buffer.concat(parts)
}
