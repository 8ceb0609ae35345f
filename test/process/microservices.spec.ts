import { losesNothing } from '../services/microservices.js';

losesNothing('tcp');
losesNothing('grpc');
