import { losesNothing } from './microservices.js';

losesNothing('kafka');
