import { makeSqlitePlace } from '../support/sqlite-place.ts';
import { describeKeyStoreProcesses } from './key-store-processes.suite.ts';

describeKeyStoreProcesses('SQLite', makeSqlitePlace);
