import type { Profile, ProfileNode } from './profile.ts'

/** One side of a comparison, as a profile of its own. Of the warm side only the times are known, not the counts. */
export function sideOf(profile: Profile, side: 'cold' | 'warm'): Profile {
  const { diff, ...meta } = profile.meta
  if (diff === undefined) return profile
  const executions = side === 'cold' ? diff.coldExecutions : diff.warmExecutions
  const nodes = profile.nodes.map((node): ProfileNode => {
    const { diff: figures, ...rest } = node
    if (side === 'cold' || figures === undefined) return rest
    const scale = executions * 1000
    return { ...rest, self: figures.warmSelfMs * scale, total: figures.warmMs * scale, samples: 0, executions: 0 }
  })
  return { meta: { ...meta, executions, title: `${meta.title} (${side})` }, frames: profile.frames, nodes }
}
