/** Starts the pages: the theme before anything is drawn, then the shell. */
import { followMachine } from "./app/theme";
import "./app/shell";

followMachine();
