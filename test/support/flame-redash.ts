import type { Profile } from '../../src/profiler/profile.ts'
import { profileOf, type Sketch } from './flame-profiles.ts'

const ORM = 'node_modules/typeorm'

/** Microseconds over 200 executions. */
const ms = (perJob: number): number => perJob * 1000 * 200

/** A job that builds the ORM's metadata in each fresh process: the story's case, in figures made up for the tests. */
export function redashProfile(): Profile {
  return profileOf(
    [
      {
        name: 'after-fork',
        category: 'group',
        children: [{ name: 'renewIdentity', file: 'node:workhorse', line: 8, category: 'node', self: ms(0.6) }],
      },
      { name: 'load', category: 'group', self: ms(0.3) },
      { name: 'job', category: 'group', children: [recordEvent()] },
      { name: 'finish', category: 'group', children: [{ name: 'stringify', self: ms(0.4) }] },
      { name: 'exit', category: 'group', self: ms(0.2) },
      { name: '(profiler)', category: 'profiler', self: ms(9) },
    ],
    { title: 'record_event' },
  )
}

function recordEvent(): Sketch {
  return {
    name: 'recordEvent',
    file: 'src/jobs/record-event.ts',
    line: 14,
    self: ms(1.1),
    children: [
      {
        name: 'connect',
        file: 'src/database.ts',
        line: 22,
        self: ms(0.4),
        children: [
          {
            name: 'DataSource.initialize',
            file: `${ORM}/data-source/DataSource.js`,
            line: 148,
            category: 'node_modules',
            self: ms(0.7),
            children: [
              {
                name: 'DataSource.buildMetadatas',
                file: `${ORM}/data-source/DataSource.js`,
                line: 512,
                category: 'node_modules',
                self: ms(2.2),
                children: [
                  {
                    name: 'EntityMetadataBuilder.build',
                    file: `${ORM}/metadata-builder/EntityMetadataBuilder.js`,
                    line: 61,
                    category: 'node_modules',
                    self: ms(6.4),
                    children: [
                      {
                        name: 'computeEntityMetadataStep1',
                        file: `${ORM}/metadata-builder/EntityMetadataBuilder.js`,
                        line: 240,
                        category: 'node_modules',
                        self: ms(11),
                        children: [
                          {
                            name: 'snakeCase',
                            file: 'src/naming-strategy.ts',
                            line: 5,
                            self: ms(7.3),
                            children: [{ name: 'RegExp: ([a-z])([A-Z])', self: ms(2.8) }],
                          },
                        ],
                      },
                      {
                        name: 'computeEntityMetadataStep2',
                        file: `${ORM}/metadata-builder/EntityMetadataBuilder.js`,
                        line: 390,
                        category: 'node_modules',
                        self: ms(8.1),
                        children: [{ name: '(garbage collector)', category: 'gc', self: ms(3.6) }],
                      },
                      {
                        name: 'RelationJoinColumnBuilder.build',
                        file: `${ORM}/metadata-builder/RelationJoinColumnBuilder.js`,
                        line: 33,
                        category: 'node_modules',
                        self: ms(4.9),
                      },
                    ],
                  },
                  {
                    name: 'validateMany',
                    file: `${ORM}/metadata-builder/EntityMetadataValidator.js`,
                    line: 19,
                    category: 'node_modules',
                    self: ms(5.2),
                  },
                ],
              },
              {
                name: 'connect',
                file: `${ORM}/driver/postgres/PostgresDriver.js`,
                line: 201,
                category: 'node_modules',
                self: ms(1.9),
                children: [{ name: 'Socket.connect', file: 'node:net', line: 1022, category: 'node', self: ms(2.4) }],
              },
            ],
          },
        ],
      },
      {
        name: 'EntityManager.save',
        file: `${ORM}/entity-manager/EntityManager.js`,
        line: 88,
        category: 'node_modules',
        self: ms(3.1),
        children: [
          {
            name: 'query',
            file: `${ORM}/driver/postgres/PostgresQueryRunner.js`,
            line: 178,
            category: 'node_modules',
            self: ms(4.4),
            children: [
              { name: 'writev', self: ms(1.7) },
              {
                name: 'processTicksAndRejections',
                file: 'node:internal/process/task_queues',
                line: 72,
                category: 'node',
                self: ms(2.2),
              },
            ],
          },
        ],
      },
    ],
  }
}

/** The same as a comparison: the metadata is there already when the process is used again. */
export function redashDiff(): Profile {
  const cold = 84.9
  return profileOf(
    [
      {
        name: 'job',
        category: 'group',
        significant: true,
        children: [
          {
            name: 'recordEvent',
            file: 'src/jobs/record-event.ts',
            line: 14,
            cold: 1.1,
            warm: 1,
            significant: true,
            children: [
              {
                name: 'connect',
                file: 'src/database.ts',
                line: 22,
                cold: 0.4,
                warm: 0.1,
                significant: true,
                children: [
                  {
                    name: 'DataSource.buildMetadatas',
                    file: `${ORM}/data-source/DataSource.js`,
                    line: 512,
                    category: 'node_modules',
                    cold: 8.6,
                    hoistable: true,
                    children: [
                      {
                        name: 'computeEntityMetadataStep1',
                        file: `${ORM}/metadata-builder/EntityMetadataBuilder.js`,
                        line: 240,
                        category: 'node_modules',
                        cold: 24,
                        hoistable: true,
                        children: [
                          { name: 'snakeCase', file: 'src/naming-strategy.ts', line: 5, cold: 9, hoistable: true },
                        ],
                      },
                      {
                        name: 'computeEntityMetadataStep2',
                        file: `${ORM}/metadata-builder/EntityMetadataBuilder.js`,
                        line: 390,
                        category: 'node_modules',
                        cold: 19.4,
                        hoistable: true,
                      },
                    ],
                  },
                ],
              },
              {
                name: 'EntityManager.save',
                file: `${ORM}/entity-manager/EntityManager.js`,
                line: 88,
                category: 'node_modules',
                cold: 7.5,
                warm: 4.1,
                significant: true,
                children: [
                  {
                    name: 'query',
                    file: `${ORM}/driver/postgres/PostgresQueryRunner.js`,
                    line: 178,
                    category: 'node_modules',
                    cold: 12.2,
                    warm: 12,
                  },
                  { name: 'evictCache', file: 'src/cache.ts', line: 9, cold: 0.5, warm: 3.4, significant: true },
                  { name: 'expire', file: 'src/cache.ts', line: 31, cold: 0, warm: 1.3, significant: true },
                ],
              },
            ],
          },
        ],
      },
      { name: 'exit', category: 'group', cold: 2.2, warm: 2.1 },
    ],
    {
      title: 'record_event: cold against warm',
      diff: { coldExecutions: 200, warmExecutions: 200, coldMsPerJob: cold, warmMsPerJob: 23.9, warmAfter: 10 },
    },
  )
}
